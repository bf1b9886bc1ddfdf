import { UsageError } from '@voiceflow-ml/server/args';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { oneLine } from './printable.ts';

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
  if (VoiceFlowError.isInstance(error)) return error.code === 'aborted';
  return error instanceof Error && error.name === 'AbortError';
}

/** An error as one line: what failed, why, and what to do. */
export function explain(error: unknown, subject?: string): string {
  const known = VoiceFlowError.isInstance(error);
  const code = known && !(error instanceof UsageError) ? ` [${error.code}]` : '';
  const expected = known || error instanceof FileError;
  const parts = [`${expected ? '' : 'internal error: '}${messageOf(error)}${code}`];
  const hint = expected ? error.hint : 'Please report this bug, with the stack trace that VOICEFLOW_DEBUG=1 prints';
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

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the system allows',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ELOOP: 'the link leads to itself',
  EIO: 'the device reports a read or write error',
  ENAMETOOLONG: 'the name is too long',
};

/** An error of the operating system in plain words. */
export function explainSystemError(error: unknown): string {
  return SYSTEM_ERRORS[codeOf(error) ?? ''] ?? messageOf(error);
}

/** Whether the system has no space for more bytes. */
export function isFull(error: unknown): boolean {
  return ['ENOSPC', 'EFBIG', 'EDQUOT'].includes(codeOf(error) ?? '');
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function stop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
