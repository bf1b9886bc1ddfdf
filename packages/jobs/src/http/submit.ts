import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { DatabaseError, isUnavailable } from '../database/database.ts';
import { checkAddress } from '../outside/request.ts';
import type { Submitted } from '../queue/submit.ts';
import type { Job, JobOptions, NewJob } from '../queue/types.ts';
import { objectOf } from '../storage/storage.ts';
import { uuidv7 } from '../uuid.ts';
import type { HeldBytes } from './host.ts';
import type { RouteParts } from './parts.ts';
import { isForm, storeRecording } from './upload.ts';

/** Options that the queue itself uses. All others are those of `/v1/diarize`. */
const QUEUE_OPTIONS = ['url', 'webhook', 'priority', 'metadata'] as const;
const FLAGS = ['voices', 'embeddings'] as const;
/** Largest metadata of a job, in characters of JSON. */
const MOST_METADATA = 16_384;
/** Largest JSON body in bytes. It holds no audio; known voices with their embeddings take about 6 kB each. */
const MOST_JSON = 1024 * 1024;
/** Deepest nesting of JSON: later stages (JSON, messages, databases) process nested values recursively. */
const MOST_LEVELS = 64;

type ParsedSubmission = Pick<NewJob, 'options' | 'priority' | 'metadata' | 'webhook' | 'url'>;

/**
 * `POST /v1/jobs`: streams the recording to the storage, then creates the job. Everything that does not depend on the
 * recording is checked before it is read.
 */
export async function submit(c: Context, parts: RouteParts): Promise<Submitted> {
  const memory = parts.host.hold();
  try {
    const { host } = parts;
    const contentType = c.req.header('content-type') ?? '';
    const isJson = /^application\/json\b/i.test(contentType);
    const body = host.body(c, isJson ? MOST_JSON : undefined);
    const { format: _, ...query } = host.query(c);
    const request = { contentType, isJson, body, query };
    return await parts.admit(host.client(c), () => submitRequest(c, parts, memory, request));
  } finally {
    memory.release();
  }
}

interface SubmitRequest {
  readonly contentType: string;
  readonly isJson: boolean;
  readonly body: AsyncIterable<Uint8Array>;
  readonly query: Readonly<Record<string, string>>;
}

async function submitRequest(
  c: Context,
  parts: RouteParts,
  memory: HeldBytes,
  { contentType, isJson, body, query }: SubmitRequest,
): Promise<Submitted> {
  const { host, jobs, storage } = parts;
  const key = host.client(c);
  const id = uuidv7();
  if (isJson) {
    const text = await readText(body, memory);
    const submission = parseSubmission({ ...query, ...jsonOf(text) }, parts);
    if (submission.url === undefined) {
      throw invalidOption(
        'url is missing: a JSON body must have the address of the recording',
        'Send { "url": "https://…" }, or the recording itself as the body.',
      );
    }
    return jobs.submit({ id, key, ...submission, ...(await idempotent(c, parts, key, text)).fields });
  }

  // The fields of a form are options, too; they are known only after the form is read.
  const form = isForm(contentType);
  const before = parseSubmission(query, parts);
  const claimed = Number(c.req.header('content-length')) || 0;
  const repeat = await idempotent(c, parts, key, `${JSON.stringify(query)} ${claimed}`);
  if (repeat.job !== undefined) return { job: repeat.job, repeated: true };
  if (before.url !== undefined) {
    for await (const { byteLength } of body) if (byteLength > 0) throw twoRecordings();
    return jobs.submit({ id, key, ...before, ...repeat.fields });
  }

  const object = objectOf(id);
  let job: NewJob;
  try {
    const { bytes, fields } = await storeRecording(storage, object, body, contentType, memory);
    if (bytes === 0) {
      throw new VoiceFlowError('invalid-audio', 'the request has no audio: 0 bytes', {
        hint: 'Send the recording as the body, or as the part "file" of a form, or { "url": … } as JSON.',
      });
    }
    const submission = form ? parseSubmission({ ...query, ...fields }, parts) : before;
    if (submission.url !== undefined) throw twoRecordings();
    job = { id, key, ...submission, object, bytes, ...repeat.fields };
  } catch (error) {
    await storage.delete(object).catch(() => {});
    throw error;
  }
  return submitStored(job, object, parts);
}

function twoRecordings(): VoiceFlowError {
  return invalidOption('the request has both url and a recording, expected one of them');
}

/** Submits a job whose audio is stored, and deletes the audio when the job does not exist afterwards. */
async function submitStored(job: NewJob, object: string, { jobs, storage }: RouteParts): Promise<Submitted> {
  try {
    const submitted = await jobs.submit(job);
    if (submitted.repeated) await storage.delete(object).catch(() => {});
    return submitted;
  } catch (error) {
    // After a lost response the job may exist, and it needs its audio. Without a job, the janitor deletes the audio.
    const isRefused = error instanceof DatabaseError || (VoiceFlowError.isInstance(error) && !isUnavailable(error));
    if (isRefused) await storage.delete(object).catch(() => {});
    throw error;
  }
}

/**
 * Parses options from text or JSON and separates the queue's own from those for the recording.
 * @throws `invalid-option`.
 */
function parseSubmission(
  params: Readonly<Record<string, unknown>>,
  { host, allowPrivate, webhooks }: RouteParts,
): ParsedSubmission {
  const queueOptions: Record<string, unknown> = {};
  const options: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) {
    if ((QUEUE_OPTIONS as readonly string[]).includes(name)) queueOptions[name] = value;
    else options[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  if (typeof queueOptions.metadata === 'string') queueOptions.metadata = jsonOf(queueOptions.metadata, 'metadata');
  const { url, webhook, priority, metadata } = host.submission(queueOptions);
  checkStorable({ ...options, metadata, url, webhook });
  if (metadata !== undefined && JSON.stringify(metadata).length > MOST_METADATA)
    throw invalidOption(`metadata has more than ${MOST_METADATA} characters as JSON`);
  if (url !== undefined) checkAddress('url', url, allowPrivate);
  if (webhook !== undefined) {
    if (!webhooks) {
      throw invalidOption(
        'webhook cannot be used: this server has no secret to sign calls with',
        'The operator of the server must set VOICEFLOW_WEBHOOK_SECRET.',
      );
    }
    checkAddress('webhook', webhook, allowPrivate);
  }
  const { voices, embeddings, ...known } = options;
  host.checkOptions(known);
  const flags = Object.fromEntries(
    FLAGS.flatMap((name) => (options[name] === undefined ? [] : [[name, flag(name, options[name])]])),
  );
  if (flags.voices === 'true' && known.known !== undefined)
    throw invalidOption('known and voices cannot be combined: known is a list of voices, voices uses the stored ones');
  return { options: { ...known, ...flags } satisfies JobOptions, priority, metadata, webhook, url };
}

/** PostgreSQL cannot store text with U+0000 or a lone surrogate. @throws `invalid-option`. */
function checkStorable(params: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(params)) {
    // JSON writes both as escapes. Double backslashes are removed, since they stand for a backslash in the text itself.
    const json = (JSON.stringify(value) ?? '').replaceAll('\\\\', '');
    const bad = /\\u(0000|d[89a-f])/.exec(json);
    if (bad !== null) {
      throw invalidOption(`${name} has the character ${bad[0]}, which cannot be stored`, 'Remove it.');
    }
  }
}

function flag(name: string, text: string): string {
  if (text === 'true' || text === '1' || text === '') return 'true';
  if (text === 'false' || text === '0') return 'false';
  throw invalidOption(`${name} is "${text.slice(0, 60)}", expected true or false`);
}

function jsonOf(text: string, name = 'the body'): Record<string, unknown> {
  if (levelsOf(text) > MOST_LEVELS)
    throw invalidOption(`${name} has more than ${MOST_LEVELS} levels of lists and objects`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new VoiceFlowError('invalid-option', `${name} is not valid JSON: ${(cause as Error).message}`, { cause });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidOption(`${name} is not a JSON object`);
}

/**
 * Nesting depth of JSON, counted from its brackets before it is parsed, because later stages cannot process deep
 * nesting.
 */
function levelsOf(text: string): number {
  let [level, most, quoted] = [0, 0, false];
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted) {
      if (char === '\\') at++;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === '[' || char === '{') most = Math.max(most, ++level);
    else if (char === ']' || char === '}') level--;
  }
  return most;
}

interface Repeat {
  readonly fields: Pick<NewJob, 'idempotencyKey' | 'digest'>;
  /** The job that was created earlier with the same idempotency key. */
  readonly job?: Job | undefined;
}

/** @param content Identifies the content of the request, without the bytes of the recording, which are not read twice. */
async function idempotent(c: Context, { jobs }: RouteParts, key: string, content: string): Promise<Repeat> {
  const idempotencyKey = c.req.header('idempotency-key');
  if (idempotencyKey === undefined) return { fields: {} };
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
    throw invalidOption('Idempotency-Key is invalid, expected 1 to 255 visible characters');
  const digest = createHash('sha256').update(content).digest('hex');
  const job = await jobs.repeated(key, idempotencyKey, digest);
  return { fields: { idempotencyKey, digest }, job };
}

async function readText(body: AsyncIterable<Uint8Array>, memory: HeldBytes): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    memory.take(chunk.byteLength);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
