import { pipeline } from 'node:stream/promises';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { withTemporaryFile, writeFile } from '../storage/write-file.ts';
import { OutsideError, requestOutside } from './request.ts';

/** Downloads an address to a temporary file for `use`. */
export type WithUrl = <T>(url: string, signal: AbortSignal, use: (path: string) => Promise<T>) => Promise<T>;

interface FetchAudioOptions {
  /** Folder of the temporary files. */
  readonly folder: string;
  readonly maxBytes: number;
  readonly allowPrivate: boolean;
  /** Grace period in milliseconds before `LEAST_RATE` applies. */
  readonly slowMs?: number;
}

const REDIRECTS = 5;
/** Longest time to the header of the response, in milliseconds. */
const HEADER_MS = 20_000;
/** Longest time without a byte, in milliseconds. */
const IDLE_MS = 30_000;
/** Longest time from the first byte to the last, in milliseconds. */
const TOTAL_MS = 3_600_000;
/**
 * Bytes per second. A job occupies a worker during the download, so a slower sender than normal playback is refused.
 */
const LEAST_RATE = 8 * 1024;
/** Status codes below 500 after which a retry may succeed. */
const TEMPORARY_STATUSES: readonly number[] = [408, 425, 429];

/** Downloads a recording to a file, within limits. The format is not checked here. */
export function fetchAudio({ folder, maxBytes, allowPrivate, slowMs = 60_000 }: FetchAudioOptions): WithUrl {
  return (url, signal, use) => withTemporaryFile(folder, (path) => download(url, path, signal), use);

  async function download(url: string, path: string, signal: AbortSignal): Promise<void> {
    const response = await requestOutside(url, {
      method: 'GET',
      allowPrivate,
      timeoutMs: HEADER_MS,
      redirects: REDIRECTS,
      signal,
    }).catch((error) => {
      throw urlError(error, signal);
    });
    const { statusCode = 0, headers } = response;
    if (statusCode !== 200) {
      response.destroy();
      const permanent = statusCode < 500 && !TEMPORARY_STATUSES.includes(statusCode);
      throw urlError(new OutsideError(`it responded with ${statusCode}`, permanent), signal);
    }
    const claimed = Number(headers['content-length'] ?? 0);
    if (claimed > maxBytes) {
      response.destroy();
      throw tooLarge(claimed, maxBytes);
    }
    response.setTimeout(IDLE_MS, () =>
      response.destroy(new OutsideError(`no data was received for ${IDLE_MS} ms`, false)),
    );
    const total = setTimeout(
      () => response.destroy(new OutsideError(`the download was not complete after ${TOTAL_MS} ms`, false)),
      TOTAL_MS,
    );
    let bytes = 0;
    const startedAt = performance.now();
    const watch = setInterval(() => {
      const ms = performance.now() - startedAt - slowMs;
      if (ms > 0 && bytes < (LEAST_RATE * ms) / 1000)
        response.destroy(
          new OutsideError(`${bytes} bytes were received in ${Math.round((ms + slowMs) / 1000)} s`, false),
        );
    }, 1_000);
    try {
      async function* limit(source: AsyncIterable<Buffer>) {
        for await (const chunk of source) {
          bytes += chunk.length;
          if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
          yield chunk;
        }
      }
      await writeFile(path, (sink) => pipeline(response, limit, sink, { signal }));
      if (!response.complete) throw new OutsideError('the response ended before it was complete', false);
    } catch (error) {
      throw urlError(error, signal);
    } finally {
      clearInterval(watch);
      clearTimeout(total);
    }
  }
}

/** Any other error is of the file, and becomes an error of the storage. */
function urlError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return new VoiceFlowError('aborted', 'the job was stopped');
  if (VoiceFlowError.isInstance(error)) return error;
  if (error instanceof OutsideError || isNetwork(error)) {
    const why = error instanceof OutsideError ? error : new OutsideError('the connection was lost', false, error);
    return new VoiceFlowError('invalid-option', `cannot fetch the recording from its url: ${why.message}`, {
      hint: 'Check the address, or upload the recording itself.',
      cause: why,
    });
  }
  return error;
}

function isNetwork(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE';
}

function tooLarge(bytes: number, limit: number): VoiceFlowError {
  return new VoiceFlowError(
    'audio-too-large',
    `the recording at the url has ${bytes} bytes or more, the limit is ${limit}`,
    { hint: 'Send a compressed or shorter recording, or raise the limit of the server.' },
  );
}
