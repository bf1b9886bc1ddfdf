import { UsageError } from '@voiceflow-ml/server/args';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { oneLine } from './printable.ts';

/** Exit codes of the process. */
export const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** A file could not be read or written: exit code 1. */
export class FileError extends Error {
  override readonly name = 'FileError';
  readonly hint?: string;

  constructor(message: string, details: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    if (details.hint !== undefined) this.hint = details.hint;
  }
}

/** Whether the work was stopped by its signal (Ctrl-C, a closed pipe). Such an error is not reported. */
export function isAbort(error: unknown): boolean {
  return VoiceFlowError.isInstance(error) ? error.code === 'aborted' : isNamed(error, 'AbortError');
}

/** An error as one line: what failed, why, and what to do. */
export function explain(error: unknown, subject?: string): string {
  const known = VoiceFlowError.isInstance(error);
  const code = known && !(error instanceof UsageError) ? ` [${error.code}]` : '';
  const expected = known || error instanceof FileError;
  const parts = [`${expected ? '' : 'internal error: '}${messageOf(error)}${code}`];
  const hint = expected ? hintOf(error) : 'Please report this bug, with the stack trace that VOICEFLOW_DEBUG=1 prints';
  if (hint !== undefined) parts.push(hint.charAt(0).toUpperCase() + hint.slice(1));
  const text = parts.map(oneLine).map(stop).join(' ');
  return subject === undefined ? text : `${oneLine(subject)}: ${text}`;
}

/** Throws a FileError with the path. An abort or a UsageError is thrown unchanged. */
export function failedOn(path: string, error: unknown): never {
  if (isAbort(error) || error instanceof UsageError) throw error;
  throw new FileError(explain(error, path), { cause: error });
}

/** Runs work on a file; its errors get the file's path (see `failedOn`). */
export async function onFile<T>(path: string, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => failedOn(path, error));
}

/** An error of the operating system in plain words. */
export function explainSystemError(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'no such file or directory';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EISDIR':
      return 'is a directory';
    case 'ENOTDIR':
      return 'a part of the path is not a directory';
    case 'ENOSPC':
      return 'no space left on the device';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'EFBIG':
      return 'the file would be larger than the system allows';
    case 'EROFS':
      return 'the file system is read-only';
    case 'EMFILE':
      return 'too many open files';
    case 'EIO':
      return 'the device reports a read or write error';
    case 'ENAMETOOLONG':
      return 'the name is too long';
    default:
      return messageOf(error);
  }
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function hintOf(error: unknown): string | undefined {
  const hint = (error as { hint?: unknown } | null | undefined)?.hint;
  return typeof hint === 'string' ? hint : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isNamed(error: unknown, name: string): boolean {
  return error instanceof Error && error.name === name;
}

function stop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
