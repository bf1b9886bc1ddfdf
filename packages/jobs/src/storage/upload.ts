import { Readable } from 'node:stream';
import { Busboy, type BusboyHeaders } from '@fastify/busboy';
import { invalidOption, type VoiceFlowError } from 'voiceflow-ml/core';
import type { Storage } from './storage.ts';

/** The body of a request with a recording: the recording itself, or a form. */
export interface Upload {
  readonly body: AsyncIterable<Uint8Array>;
  readonly contentType: string;
  /** Counts bytes of a form's fields, which are kept in memory. @throws `overloaded`. */
  count(bytes: number): void;
}

export interface Stored {
  readonly bytes: number;
  /** The text fields of a form. */
  readonly fields: Readonly<Record<string, string>>;
}

const MOST_FIELDS = 64;
/** Known voices with their embeddings take about 6 kB each. */
const MOST_FIELD_BYTES = 1024 * 1024;
/** Largest total of a form without its file, which is the part that is kept in memory. */
const MOST_TEXT_BYTES = 2 * MOST_FIELD_BYTES;

/**
 * Streams the recording in a body to the storage: the whole body, or the part `file` of a form.
 * @throws `invalid-option` for a form that cannot be read or does not have exactly one file.
 */
export async function storeRecording(
  storage: Storage,
  name: string,
  { body, contentType, count }: Upload,
): Promise<Stored> {
  if (!/^multipart\/form-data\b/i.test(contentType)) return { bytes: await storage.put(name, body), fields: {} };
  const form = openForm(contentType);
  /** Whether the current chunk belongs to the file; exact to one chunk. */
  let inFile = false;
  let text = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of body) {
      if (!inFile) {
        text += chunk.byteLength;
        if (text > MOST_TEXT_BYTES) throw unreadable(`it has more than ${MOST_TEXT_BYTES} bytes besides the file`);
        count(chunk.byteLength);
      }
      yield chunk;
    }
  }
  const source = Readable.from(counted(), { objectMode: false });
  let problem: VoiceFlowError | undefined;
  const refuse = (why: string) => {
    problem ??= unreadable(why);
  };
  let stored: Promise<number> | undefined;
  let part: Readable | undefined;
  form.on('file', (field, file) => {
    // The reader of the file gets the error. Without a listener, the error of an unread file would end the process.
    file.on('error', () => {});
    inFile = true;
    file.once('end', () => {
      inFile = false;
    });
    if (field === 'file' && stored === undefined) {
      part = file;
      stored = storage.put(name, file);
      // Awaited below. Until then, its failure must stop the form.
      stored.catch((error) => source.destroy(error));
    } else {
      refuse(`it has a file in the part "${String(field).slice(0, 60)}", expected "file"`);
      file.resume();
    }
  });
  const fields = fieldsOf(form, refuse);
  try {
    await parse(source, form);
    const bytes = await stored;
    if (problem !== undefined) throw problem;
    if (bytes === undefined) throw unreadable('it has no part named "file"');
    return { bytes, fields };
  } catch (error) {
    source.destroy();
    // Without the rest of the form the part would never end.
    part?.destroy(error as Error);
    await stored?.catch(() => {});
    throw error;
  }
}

type Form = InstanceType<typeof Busboy>;

function openForm(contentType: string): Form {
  try {
    return new Busboy({
      headers: { 'content-type': contentType } as BusboyHeaders,
      limits: { fields: MOST_FIELDS, fieldSize: MOST_FIELD_BYTES, files: 1, parts: MOST_FIELDS + 1 },
    });
  } catch (error) {
    throw unreadable((error as Error).message);
  }
}

/** The text fields of a form, which come as it is parsed. @param refuse Gets what is wrong with them. */
function fieldsOf(form: Form, refuse: (why: string) => void): Readonly<Record<string, string>> {
  const fields: Record<string, string> = Object.create(null);
  form.on('field', (field: string | undefined, value, _nameCut, valueCut) => {
    // An exception here would end the process.
    if (field === undefined) {
      refuse('it has a field without a name');
      return;
    }
    if (valueCut) refuse(`its field "${field.slice(0, 60)}" has more than ${MOST_FIELD_BYTES} bytes`);
    if (Object.hasOwn(fields, field)) refuse(`its field "${field.slice(0, 60)}" appears twice`);
    fields[field] = value;
  });
  for (const limit of ['partsLimit', 'filesLimit', 'fieldsLimit'] as const)
    form.on(limit, () => refuse(`it has more than one file or more than ${MOST_FIELDS} fields`));
  return fields;
}

function parse(source: Readable, form: Form): Promise<void> {
  return new Promise((done, reject) => {
    form.once('finish', done);
    // `on` and not `once`: a truncated form emits several errors.
    form.on('error', (error) => reject(unreadable((error as Error).message)));
    source.on('error', reject);
    source.pipe(form);
  });
}

function unreadable(why: string): VoiceFlowError {
  return invalidOption(
    `the form cannot be read: ${why}`,
    'Send the recording as the part "file" of a multipart/form-data body, or as the body itself.',
  );
}
