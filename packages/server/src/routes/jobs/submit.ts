import type { JobsMount, Submission, Submitted, Upload } from '@voiceflow-ml/jobs';
import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { diarizeParams, flag, readParams } from '../../engine/runner/params.ts';
import type { AppContext } from '../../http/context.ts';
import type { AppState } from '../../state.ts';
import { queryOf } from '../task.ts';
import { keyOf, withUpload } from './request.ts';
import { Submission as SubmissionSchema } from './schema.ts';

/** Largest JSON body in bytes. It holds no audio; known voices with their embeddings take about 6 kB each. */
const MOST_JSON = 1024 * 1024;
/** Deepest nesting of JSON: later stages (JSON, messages, databases) process nested values recursively. */
const MOST_LEVELS = 64;

type Params = Readonly<Record<string, unknown>>;

/**
 * `POST /v1/jobs`: streams the recording to the storage, then creates the job. Everything that does not depend on the
 * recording is checked before it is read.
 */
export function submit(c: AppContext, state: AppState, mount: JobsMount): Promise<Submitted> {
  const isJson = /^application\/json\b/i.test(c.req.header('content-type') ?? '');
  return withUpload(c, state, isJson ? MOST_JSON : undefined, (upload) => {
    const { format: _, ...query } = queryOf(c);
    return mount.admit(keyOf(c), () =>
      isJson ? submitAddress(c, mount, upload, query) : submitRecording(c, mount, upload, query),
    );
  });
}

async function submitAddress(
  c: AppContext,
  { submissions }: JobsMount,
  { body, count }: Upload,
  query: Params,
): Promise<Submitted> {
  const text = await readText(body, count);
  const submission = parseSubmission({ ...query, ...jsonOf(text) }, submissions);
  if (submission.url === undefined) {
    throw invalidOption(
      'url is missing: a JSON body must have the address of the recording',
      'Send { "url": "https://…" }, or the recording itself as the body.',
    );
  }
  const key = keyOf(c);
  const { fields } = await submissions.repeat(key, c.req.header('idempotency-key'), text);
  return submissions.submit({ key, ...submission, ...fields });
}

async function submitRecording(
  c: AppContext,
  { submissions }: JobsMount,
  upload: Upload,
  query: Params,
): Promise<Submitted> {
  const key = keyOf(c);
  const before = parseSubmission(query, submissions);
  const content = `${JSON.stringify(query)} ${Number(c.req.header('content-length')) || 0}`;
  const repeat = await submissions.repeat(key, c.req.header('idempotency-key'), content);
  if (repeat.job !== undefined) return { job: repeat.job, repeated: true };
  if (before.url !== undefined) {
    for await (const { byteLength } of upload.body) if (byteLength > 0) throw twoRecordings();
    return submissions.submit({ key, ...before, ...repeat.fields });
  }
  return submissions.submitRecording(upload, ({ bytes, fields }) => {
    if (bytes === 0) {
      throw new VoiceFlowError('invalid-audio', 'the request has no audio: 0 bytes', {
        hint: 'Send the recording as the body, or as the part "file" of a form, or { "url": … } as JSON.',
      });
    }
    // The fields of a form are options, too.
    const submission = parseSubmission({ ...query, ...fields }, submissions);
    if (submission.url !== undefined) throw twoRecordings();
    return { key, ...submission, ...repeat.fields };
  });
}

function twoRecordings(): VoiceFlowError {
  return invalidOption('the request has both url and a recording, expected one of them');
}

/**
 * Parses options from text or JSON and separates the queue's own from those for the recording.
 * @throws `invalid-option`.
 */
function parseSubmission(params: Params, submissions: JobsMount['submissions']): Submission {
  const queueOptions: Record<string, unknown> = {};
  const options: Record<string, string> = {};
  for (const [name, value] of Object.entries(params)) {
    if (Object.hasOwn(SubmissionSchema.entries, name)) queueOptions[name] = value;
    else options[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  if (typeof queueOptions.metadata === 'string') queueOptions.metadata = jsonOf(queueOptions.metadata, 'metadata');
  const { url, webhook, priority, metadata } = readParams(SubmissionSchema, queueOptions);
  submissions.check({ options, metadata, url, webhook });
  const { voices, embeddings, ...known } = options;
  diarizeParams(known);
  const flags: Record<string, string> = {};
  for (const [name, text] of Object.entries({ voices, embeddings }))
    if (text !== undefined) flags[name] = String(flag(name, text));
  if (flags.voices === 'true' && known.known !== undefined)
    throw invalidOption('known and voices cannot be combined: known is a list of voices, voices uses the stored ones');
  return { options: { ...known, ...flags }, priority, metadata, webhook, url };
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

async function readText(body: AsyncIterable<Uint8Array>, count: (bytes: number) => void): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of body) {
    count(chunk.byteLength);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
