import { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { VoiceFlowError } from 'voiceflow-ml/core';
import type { Storage } from '../storage/storage.ts';
import type { Held } from './held.ts';

export interface UploadLimits {
  readonly bodyBytes: number;
  readonly idleBodyMs: number;
}

export interface Upload {
  readonly bytes: number;
  /** The text fields of a form. */
  readonly fields: Readonly<Record<string, string>>;
}

const MOST_FIELDS = 64;
/** Known voices with their embeddings are some 6 kB each. */
const MOST_FIELD_BYTES = 1024 * 1024;
/** All fields of a form, with what comes around them: they are kept in memory, which a file is not. */
const MOST_TEXT_BYTES = 2 * MOST_FIELD_BYTES;
/** Bytes that must come in each two idle times: a body that drips holds a connection and a file for ever. */
const LEAST_BYTES = 1024;

/**
 * A body within its limits.
 * @throws `audio-too-large`; `deadline-exceeded` when nothing comes for a while, or next to nothing for twice as long;
 * `aborted` when the client left.
 */
export async function* bounded(body: AsyncIterable<Uint8Array>, limits: UploadLimits): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  let bytes = 0;
  /** Since when, and how many bytes had come by then. */
  let [begun, before] = [performance.now(), 0];
  try {
    for (;;) {
      const { done, value } = await nextOf(iterator, limits.idleBodyMs, bytes);
      if (done) return;
      bytes += value.byteLength;
      if (performance.now() - begun >= 2 * limits.idleBodyMs) {
        if (bytes - before < LEAST_BYTES) throw dripping(2 * limits.idleBodyMs);
        [begun, before] = [performance.now(), bytes];
      }
      if (bytes > limits.bodyBytes) throw tooLarge(bytes, limits.bodyBytes);
      yield value;
    }
  } finally {
    // Not awaited: the answer must not wait for a sender that is slow.
    void iterator.return?.().catch(() => {});
  }
}

async function nextOf(iterator: AsyncIterator<Uint8Array>, idleMs: number, bytes: number) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const message = `no byte of the body came for ${Math.round(idleMs)} ms`;
      reject(new VoiceFlowError('deadline-exceeded', message, { hint: 'Send the body without pauses.' }));
    }, idleMs);
  });
  const next = iterator.next().catch((cause) => {
    throw new VoiceFlowError('aborted', `the body ended after ${bytes} bytes, before it was complete`, { cause });
  });
  next.catch(() => {});
  try {
    return await Promise.race([next, idle]);
  } finally {
    clearTimeout(timer);
  }
}

function dripping(ms: number): VoiceFlowError {
  const message = `fewer than ${LEAST_BYTES} bytes of the body came in ${Math.round(ms)} ms`;
  return new VoiceFlowError('deadline-exceeded', message, { hint: 'Send the body without pauses.' });
}

export function tooLarge(bytes: number, limit: number): VoiceFlowError {
  return new VoiceFlowError('audio-too-large', `the body has ${bytes} bytes or more, the limit is ${limit}`, {
    hint: 'Send a compressed or shorter recording, or raise the limit of the server.',
  });
}

/**
 * Writes the part `file` of a form to the storage as it comes.
 * @param held What the fields take in memory.
 * @throws `invalid-option` for a form that cannot be read or has not exactly one file.
 */
export async function storeForm(
  storage: Storage,
  name: string,
  body: AsyncIterable<Uint8Array>,
  contentType: string,
  held: Held,
): Promise<Upload> {
  const fields: Record<string, string> = Object.create(null);
  /** Whether what comes belongs to the file, give or take a chunk. */
  let inFile = false;
  let text = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      if (!inFile) {
        text += chunk.byteLength;
        if (text > MOST_TEXT_BYTES) throw unreadable(`it has more than ${MOST_TEXT_BYTES} bytes beside its file`);
        held.take(chunk.byteLength);
      }
      yield chunk;
    }
  }
  const source = Readable.from(counted(), { objectMode: false });
  let form: InstanceType<typeof Busboy>;
  try {
    form = new Busboy({
      headers: { 'content-type': contentType } as BusboyHeaders,
      limits: { fields: MOST_FIELDS, fieldSize: MOST_FIELD_BYTES, files: 1, parts: MOST_FIELDS + 1 },
    });
  } catch (error) {
    source.destroy();
    throw unreadable((error as Error).message);
  }
  let stored: Promise<number> | undefined;
  let part: Readable | undefined;
  let problem: VoiceFlowError | undefined;
  form.on('file', (field, file) => {
    // Whoever reads it is told; one that nobody reads must not end the process.
    file.on('error', () => {});
    inFile = true;
    file.once('end', () => {
      inFile = false;
    });
    if (field === 'file' && stored === undefined) {
      part = file;
      stored = storage.put(name, file);
      // Waited for below; until then, its failure must stop the form.
      stored.catch((error) => source.destroy(error));
    } else {
      problem ??= unreadable(`it has a file "${String(field).slice(0, 60)}"`);
      file.resume();
    }
  });
  form.on('field', (field, value, _nameCut, valueCut) => {
    if (valueCut) problem ??= unreadable(`its field "${field.slice(0, 60)}" has more than ${MOST_FIELD_BYTES} bytes`);
    if (Object.hasOwn(fields, field)) problem ??= unreadable(`its field "${field.slice(0, 60)}" is given twice`);
    fields[field] = value;
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
    form.on(limit, () => {
      problem ??= unreadable(`it has more than one file or ${MOST_FIELDS} fields`);
    });
  const parsed = new Promise<void>((done, reject) => {
    form.once('finish', done);
    // Not once: a form that was cut off has several.
    form.on('error', (error) => reject(unreadable((error as Error).message)));
    source.on('error', reject);
  });
  source.pipe(form);
  try {
    await parsed;
    const bytes = await stored;
    if (problem !== undefined) throw problem;
    if (bytes === undefined) throw unreadable('it has no part named "file"');
    return { bytes, fields };
  } catch (error) {
    source.destroy();
    // Without the rest of the form it would never end.
    part?.destroy(error as Error);
    await stored?.catch(() => {});
    throw error;
  }
}

function unreadable(why: string): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `the form cannot be read: ${why}`, {
    hint: 'Send the recording as the part "file" of a multipart/form-data body, or as the body itself.',
  });
}
