import { createReadStream, openAsBlob, type Stats } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { type AudioInput, throwIfAborted } from 'voiceflow-ml/core';
import { explainSystemError, FileError } from '../errors.ts';
import { untilAborted } from '../until-aborted.ts';
import { webStream } from './web-stream.ts';

/** What the system says about a path; undefined when there is nothing, or it cannot be accessed. */
export function statsOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/** Far larger than any RTTM, UEM or voice book; prevents reading a whole recording given by mistake. */
const MAX_TEXT_BYTES = 256 * 2 ** 20;
const NEVER = new AbortController().signal;

/**
 * Opens a file as audio. A regular file is read in slices, so it may have any length; pipes, devices and `-` are read
 * as streams.
 * @throws FileError when it cannot be read. The content is not checked here.
 */
export async function openAudio(path: string): Promise<AudioInput> {
  if (path === '-') return openStdin();
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new FileError('is a directory', { hint: 'Give the path of a recording' });
    if (!stats.isFile()) return webStream(createReadStream(path));
    await readOneByte(path);
    return await openAsBlob(path);
  } catch (error) {
    throw unreadable(error);
  }
}

function openStdin(): ReadableStream<Uint8Array> {
  if (process.stdin.isTTY) {
    throw new FileError('standard input is a terminal', {
      hint: 'Pipe the audio into the command, or give the path of a file',
    });
  }
  return webStream(process.stdin);
}

/**
 * @param signal Ends the wait for a pipe.
 * @throws FileError when it cannot be read or is far too large; `aborted`.
 */
export async function readText(path: string, signal: AbortSignal = NEVER): Promise<string> {
  const text = await untilAborted(signal, readWhole(path));
  throwIfAborted(signal);
  return text ?? '';
}

async function readWhole(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_TEXT_BYTES) throw new FileError(`the file has ${size} bytes, expected at most ${MAX_TEXT_BYTES}`);
    return await readFile(path, 'utf8');
  } catch (error) {
    throw unreadable(error);
  }
}

/** Reads a byte to get the system's error: for an unreadable file, a Blob reports only that it is empty. */
async function readOneByte(path: string): Promise<void> {
  const file = await open(path);
  try {
    await file.read(new Uint8Array(1), 0, 1, 0);
  } finally {
    await file.close();
  }
}

/** The error for a path that the system cannot read. */
export function unreadable(error: unknown): FileError {
  if (error instanceof FileError) return error;
  return new FileError(`cannot be read: ${explainSystemError(error)}`, {
    hint: 'Check the path and its permissions',
    cause: error,
  });
}
