import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { AwsClient } from 'aws4fetch';
import type { VoiceFlowError } from 'voiceflow-ml/core';
import { missing, type Storage, unavailable } from './storage.ts';
import { withTemporaryFile, writeFile } from './write-file.ts';

export interface S3Options {
  /** Such as `https://s3.eu-central-1.amazonaws.com`. The bucket becomes part of the path. */
  readonly endpoint: string;
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Folder of temporary files for `withFile`. */
  readonly spool: string;
}

/**
 * An upload holds one part in memory, so its total length need not be known. S3 requires at least 5 MiB except for the
 * last part.
 */
const PART_BYTES = 8 * 1024 * 1024;
const REQUEST_MS = 60_000;
const RETRIES = 3;

/** Stores objects in a bucket of any server with the S3 API. */
export function s3Storage(options: S3Options): Storage {
  const send = sender(options);
  return {
    async put(name, body) {
      const parts = cut(body);
      const { value: first } = await parts.next();
      if (first !== undefined && first.byteLength === PART_BYTES) return putParts(send, name, first, parts);
      await send(name, { method: 'PUT', body: (first ?? new Uint8Array(0)) as Uint8Array<ArrayBuffer> });
      return first?.byteLength ?? 0;
    },
    withFile(name, signal, use) {
      const download = async (path: string) => {
        const response = await send(name, { signal }, [404]);
        if (response.status === 404) {
          const code = tag(await response.text().catch(() => ''), 'Code');
          throw code === 'NoSuchBucket' ? away(`the bucket ${options.bucket} does not exist`) : missing();
        }
        if (response.body === null) throw away('the response to GET has no body');
        const source = Readable.fromWeb(response.body as NodeReadableStream);
        await writeFile(path, (sink) => pipeline(source, sink, { signal }));
      };
      return withTemporaryFile(options.spool, download, use);
    },
    async delete(name) {
      await send(name, { method: 'DELETE' }, [404]);
    },
    async *old(seconds) {
      let token: string | undefined;
      do {
        const next = token === undefined ? '' : `&continuation-token=${encodeURIComponent(token)}`;
        const list = await (await send(`?list-type=2&prefix=${encodeURIComponent('audio/')}${next}`, {})).text();
        for (const [, item = ''] of list.matchAll(/<Contents>([\s\S]*?)<\/Contents>/g)) {
          const key = tag(item, 'Key');
          const written = Date.parse(tag(item, 'LastModified') ?? '');
          if (key !== undefined && Date.now() - written >= seconds * 1000) yield key;
        }
        token = tag(list, 'NextContinuationToken');
      } while (token !== undefined);
    },
  };
}

/** Sends a signed request. @throws `backend-unavailable` for a response that is neither a success nor in `allowed`. */
type Send = (path: string, init: RequestInit, allowed?: readonly number[]) => Promise<Response>;

function sender({ endpoint, bucket, region, accessKeyId, secretAccessKey }: S3Options): Send {
  const client = new AwsClient({ accessKeyId, secretAccessKey, region, service: 's3', retries: RETRIES });
  const root = `${endpoint.replace(/\/+$/, '')}/${bucket}`;
  return async (path: string, init: RequestInit, allowed = []) => {
    let response: Response;
    try {
      response = await client.fetch(`${root}/${path}`, { signal: AbortSignal.timeout(REQUEST_MS), ...init });
    } catch (cause) {
      throw away(`${init.method ?? 'GET'} failed: ${reason(cause)}`, cause);
    }
    if (response.ok || allowed.includes(response.status)) return response;
    const text = await response.text().catch(() => '');
    throw away(`${init.method ?? 'GET'} failed with ${response.status} ${tag(text, 'Code') ?? ''}`.trim());
  };
}

async function putParts(
  send: Send,
  name: string,
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array>,
): Promise<number> {
  const started = await (await send(`${name}?uploads=`, { method: 'POST' })).text();
  const upload = tag(started, 'UploadId');
  if (upload === undefined) throw away('the response has no UploadId');
  const etags: string[] = [];
  let bytes = 0;
  try {
    for (let part: Uint8Array | undefined = first; part !== undefined; part = (await rest.next()).value) {
      const query = `partNumber=${etags.length + 1}&uploadId=${encodeURIComponent(upload)}`;
      const response = await send(`${name}?${query}`, { method: 'PUT', body: part as Uint8Array<ArrayBuffer> });
      etags.push(response.headers.get('etag') ?? '');
      bytes += part.byteLength;
    }
    const parts = etags.map((etag, at) => `<Part><PartNumber>${at + 1}</PartNumber><ETag>${etag}</ETag></Part>`);
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`;
    const done = await (await send(`${name}?uploadId=${encodeURIComponent(upload)}`, { method: 'POST', body })).text();
    // S3 may respond with 200 and report an error in the body.
    if (tag(done, 'Code') !== undefined) throw away(`completing the upload failed with ${tag(done, 'Code')}`);
    return bytes;
  } catch (error) {
    await send(`${name}?uploadId=${encodeURIComponent(upload)}`, { method: 'DELETE' }).catch(() => {});
    throw error;
  }
}

/** Splits a body into parts of exactly `PART_BYTES`; the last one may be shorter. */
async function* cut(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.byteLength; ) {
      const taken = chunk.subarray(at, at + PART_BYTES - filled);
      part.set(taken, filled);
      filled += taken.byteLength;
      at += taken.byteLength;
      if (filled === PART_BYTES) {
        yield part;
        part = new Uint8Array(PART_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield part.slice(0, filled);
  return undefined;
}

function tag(xml: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
}

function reason(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string }; message?: string };
  return cause?.code ?? message ?? String(error);
}

function away(why: string, cause?: unknown): VoiceFlowError {
  return unavailable(`the storage of recordings is unavailable: ${why}`, cause);
}
