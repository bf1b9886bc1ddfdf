import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { abortError, throwIfAborted } from 'voiceflow-ml/core';
import { explainSystemError, FileError, isFull } from '../errors.ts';
import { statsOf } from '../files/open.ts';
import type { WeightsFile } from './catalog.ts';
import { corrupt } from './check.ts';

/** A transfer that receives nothing for this long is stopped and retried. */
const STALL_MS = 30_000;
/** Consecutive tries without new bytes after which an address is given up. */
const MAX_FAILURES = 3;

interface DownloadOptions {
  readonly signal?: AbortSignal;
  /** Called with the number of bytes present so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly stallMs?: number;
}

/** A transfer ended early and can be resumed. */
class Interrupted extends Error {}

/**
 * Downloads a file to `path`, resumes an earlier partial download (HTTP `Range`), and checks the SHA-256.
 * @throws `model-corrupt` when the bytes do not match the manifest (the file is then removed); FileError when the
 *   address does not respond or the file cannot be written (the partial file stays and can be resumed); `aborted`.
 */
export async function download(
  url: string,
  path: string,
  file: WeightsFile,
  options: DownloadOptions = {},
): Promise<void> {
  let failures = 0;
  let previous = await sizeOf(path);
  for (;;) {
    try {
      const sha256 = await transfer(url, path, file, options);
      if (sha256 === file.sha256) return;
      await rm(path, { force: true });
      throw corrupt(url, `sha256 ${sha256}, expected ${file.sha256}`, 'Try again, or give another address with --from');
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
      const present = await sizeOf(path);
      failures = present > previous ? 0 : failures + 1;
      previous = present;
      if (failures >= MAX_FAILURES) throw unreachable(url, error);
    }
  }
}

/** @returns The SHA-256 of the whole file. */
async function transfer(url: string, path: string, file: WeightsFile, options: DownloadOptions): Promise<string> {
  throwIfAborted(options.signal);
  let have = await sizeOf(path);
  if (have > file.bytes) {
    await rm(path);
    have = 0;
  }
  const hash = createHash('sha256');
  if (have === file.bytes) return (await hashFile(path, hash)).digest('hex');

  const watch = watchFor(options.signal, options.stallMs ?? STALL_MS);
  try {
    const response = await request(url, have, watch);
    if (response.status === 206 && startOf(response) === have) await hashFile(path, hash);
    else have = 0; // The address does not support ranges: start over.
    await receive(response, path, { have, hash, file, url, watch, onProgress: options.onProgress });
    return hash.digest('hex');
  } finally {
    watch.stop();
  }
}

async function request(url: string, have: number, watch: Watch): Promise<Response> {
  const headers = { 'accept-encoding': 'identity', ...(have > 0 ? { range: `bytes=${have}-` } : {}) };
  const response = await fetch(url, { headers, signal: watch.signal }).catch((error: unknown) => {
    throw watch.reasonFor(error);
  });
  if (response.ok) return response;
  await response.body?.cancel();
  if (response.status === 416) return request(url, 0, watch);
  if (response.status >= 500 || response.status === 429) throw new Interrupted(`it responds with ${response.status}`);
  throw new FileError(`${url} responds with ${response.status} ${response.statusText}`, {
    hint: 'Check the address, or give another with --from',
  });
}

interface Receiving {
  readonly have: number;
  readonly hash: Hash;
  readonly file: WeightsFile;
  readonly url: string;
  readonly watch: Watch;
  readonly onProgress: ((bytes: number) => void) | undefined;
}

async function receive(response: Response, path: string, to: Receiving): Promise<void> {
  let bytes = to.have;
  const out = await writing(path, () => open(path, bytes > 0 ? 'a' : 'w'));
  const reader = response.body?.getReader();
  try {
    while (reader !== undefined) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw to.watch.reasonFor(error);
      });
      if (done) break;
      to.watch.feed();
      bytes += value.length;
      if (bytes > to.file.bytes) {
        await rm(path, { force: true });
        throw corrupt(to.url, `more than ${to.file.bytes} bytes`, 'Give another address with --from');
      }
      await writing(path, async () => {
        for (let done = 0; done < value.length; ) done += (await out.write(value, done)).bytesWritten;
      });
      to.hash.update(value);
      to.onProgress?.(bytes);
    }
    await out.sync();
  } finally {
    await reader?.cancel().catch(() => {});
    await out.close();
  }
  if (bytes < to.file.bytes) throw new Interrupted(`the response ended after ${bytes} of ${to.file.bytes} bytes`);
}

/** Aborts a request when the caller's signal fires, or when nothing is received for `stallMs`. */
function watchFor(caller: AbortSignal | undefined, stallMs: number) {
  const stall = new AbortController();
  const timer = setTimeout(() => stall.abort(), stallMs);
  return {
    signal: caller === undefined ? stall.signal : AbortSignal.any([caller, stall.signal]),
    feed: () => void timer.refresh(),
    stop: () => clearTimeout(timer),
    /** Why a request failed: the caller aborted it, it stalled, or the network failed. */
    reasonFor(error: unknown): Error {
      if (caller?.aborted) return abortError(caller);
      if (stall.signal.aborted) return new Interrupted(`no data was received for ${stallMs / 1000} s`);
      const cause = (error as { cause?: unknown }).cause ?? error;
      return new Interrupted(cause instanceof Error ? cause.message : String(cause));
    },
  };
}

type Watch = ReturnType<typeof watchFor>;

function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? Number.NaN);
}

async function hashFile(path: string, hash: Hash): Promise<Hash> {
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash;
}

async function sizeOf(path: string): Promise<number> {
  return (await statsOf(path))?.size ?? 0;
}

function unreachable(url: string, cause: Error): FileError {
  return new FileError(`cannot download ${url}: ${cause.message}`, {
    hint: 'Run the command again to resume, or give a folder or another address with --from',
    cause,
  });
}

/** Runs work that writes. @throws FileError with the path. */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new FileError(`cannot write ${path}: ${explainSystemError(error)}`, {
      hint: `${isFull(error) ? 'Free some space, or set' : 'Set'} VOICEFLOW_MODELS to another folder`,
      cause: error,
    });
  }
}
