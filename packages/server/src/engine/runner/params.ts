import * as v from 'valibot';
import {
  checkVoices,
  type DiarizeOptions,
  type EmbedOptions,
  invalidOption,
  type KnownVoice,
  MOST_SPEAKERS,
  speakerBounds,
  VoiceFlowError,
} from 'voiceflow-ml/core';

type Params = Readonly<Record<string, string>>;

/**
 * Joins the options in the query and in the fields of the form.
 * @throws `invalid-option` for an option in both, and for `format` as a field, which is needed before the form is read.
 */
export function joinParams(query: Params, fields: Params): Params {
  if ('format' in fields) {
    throw invalidOption(
      'format is a field of the form, expected as a query parameter',
      'For example: /v1/diarize?format=rttm',
    );
  }
  const duplicate = Object.keys(fields).find((name) => name in query);
  if (duplicate === undefined) return { ...query, ...fields };
  throw invalidOption(`the option "${duplicate.slice(0, 60)}" appears twice, in the query and in the form`);
}

/** The file ID of an upload: its name without folders and extension; undefined when nothing remains. */
export function baseName(filename: string | undefined): string | undefined {
  const name = filename
    ?.replace(/^.*[/\\]/s, '')
    .replace(/\.[^.]*$/, '')
    .slice(0, 200);
  return name === '' ? undefined : name;
}

/**
 * @module Options as text. Each has one schema, which parses it, reports errors and describes it in the API
 * description.
 */

/** An option with a parser and a description. `schema` is its JSON schema for generators of clients. */
function option<T>(
  read: (text: string) => T,
  description: string,
  schema: Readonly<Record<string, unknown>> = {},
  missing?: string,
) {
  return v.pipe(v.string(missing), v.description(description), v.metadata(schema), v.transform(read));
}

export const wholeText = (name: string, description: string, missing?: string, bounds = {}) =>
  option((text) => wholeNumber(name, text), description, { type: 'integer', ...bounds }, missing);
export const secondsText = (name: string, description: string) =>
  option((text) => seconds(name, text), description, { type: 'number' });
const count = (name: string, description: string) =>
  v.optional(wholeText(name, description, undefined, { minimum: 1, maximum: MOST_SPEAKERS }));
export const known = v.optional(
  option(
    parseKnown,
    'Voices to recognize, as JSON: a list of { name, embedding, space, seconds? }; seconds is the length of the speech that the embedding was computed from.',
  ),
);
export const falseNames = v.optional(
  option(share, 'Largest share of speakers not among the known voices that get a name, up to 0.5 (default 0.02).', {
    type: 'number',
  }),
);

/** Options of `/v1/diarize`, in the query or the form. `diarizeParams` checks ranges and contradictions of counts. */
export const DiarizeQuery = v.object({
  numSpeakers: count('numSpeakers', 'Exactly this many speakers.'),
  minSpeakers: count('minSpeakers', 'At least this many speakers.'),
  maxSpeakers: count('maxSpeakers', 'At most this many speakers.'),
  known,
  falseNames,
  channels: v.optional(
    option(
      channelsOf,
      'mix (default), separate (each channel has its own speakers, labeled LEFT and RIGHT), names for the channels (agent,customer), or the number of one channel.',
    ),
  ),
  exclusive: v.optional(
    option((text) => flag('exclusive', text), 'Adds "exclusive" to the result: turns with one speaker at a time.', {
      type: 'boolean',
    }),
  ),
  uri: v.optional(
    option(fileId, 'The file ID in RTTM, which writes spaces as %20. No control characters.', {
      minLength: 1,
      maxLength: 200,
    }),
  ),
  format: v.optional(
    option((text) => text, 'Format of the result; default: selected by Accept.', {
      enum: ['json', 'rttm', 'srt', 'vtt'],
    }),
  ),
});

export const EmbedQuery = v.object({
  start: v.optional(secondsText('start', 'Seconds.')),
  end: v.optional(secondsText('end', 'Seconds.')),
});

/**
 * Parses options with their schema.
 * @throws `invalid-option` with the option, its value and the allowed values; also for an unknown option.
 */
export function readParams<E extends v.ObjectEntries>(
  schema: v.ObjectSchema<E, undefined>,
  params: Readonly<Record<string, unknown>>,
): v.InferOutput<v.ObjectSchema<E, undefined>> {
  assertKnown(params, Object.keys(schema.entries));
  const result = v.safeParse(schema, params);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const name = String(issue.path?.[0].key ?? 'an option');
  const value = params[name];
  if (value === undefined) throw invalidOption(`${name} is required`);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  throw invalid(name, text, issue.message);
}

/**
 * Makes all checks of the SDK that depend neither on the recording nor on the model: a job is refused when it is
 * submitted, not when it runs.
 * @throws `invalid-option` with the option, its value and the allowed values.
 */
export function diarizeParams(params: Params) {
  const { exclusive = false, uri, channels, format: _, ...options } = readParams(DiarizeQuery, params);
  speakerBounds(options);
  // The model's space may be another one: the worker compares them.
  if (options.known?.[0] !== undefined) checkVoices(options.known, options.known[0].space);
  return { options: { ...options, ...channels }, exclusive, uri };
}

/** A name of a recording may have spaces, which RTTM escapes. Line ends and other control characters are refused. */
const FILE_ID = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{1,200}$/u;

function fileId(uri: string): string {
  if (FILE_ID.test(uri)) return uri;
  throw invalid('uri', uri, 'up to 200 printable characters (an RTTM file ID)');
}

/** Parses `mix`, `separate`, a number from 1, or a name for each channel, which separates them: `agent,customer`. */
function channelsOf(text: string): Pick<DiarizeOptions, 'channels' | 'channelNames'> {
  if (text === 'mix' || text === 'separate') return { channels: text };
  if (/^[1-9]\d{0,2}$/.test(text)) return { channels: Number(text) };
  const channelNames = text.split(',').map((name) => name.trim());
  const good = channelNames.length > 1 && channelNames.every((name) => name !== '' && name.length <= MAX_NAME);
  if (good) return { channels: 'separate', channelNames };
  throw invalid('channels', text, '"mix", "separate", a number from 1, or a name for each channel (agent,customer)');
}

/** Parses `start` and `end` in seconds: the part of the recording with the voice. */
export function embedParams(params: Params): Pick<EmbedOptions, 'segments'> {
  const { start = 0, end } = readParams(EmbedQuery, params);
  if (end === undefined) {
    if (params.start === undefined) return {};
    throw invalid('end', 'absent', 'a number of seconds, because start is set');
  }
  if (end <= start) throw invalid('end', String(end), `more than start (${start})`);
  return { segments: [{ start, end }] };
}

/** Longest name of a voice in characters. Every turn of the response repeats it. */
const MAX_NAME = 200;
const MAX_EMBEDDING = 4096;
/** Upper limit of the seconds of speech of a voice, far more than any real value. */
const MAX_SECONDS = 1e9;

const VoiceList = v.array(
  v.object({
    name: v.pipe(v.string(), v.maxLength(MAX_NAME)),
    space: v.string(),
    embedding: v.pipe(
      v.array(v.pipe(v.number(), v.finite())),
      v.maxLength(MAX_EMBEDDING),
      v.transform((numbers) => Float32Array.from(numbers)),
    ),
    seconds: v.nullish(v.pipe(v.number(), v.gtValue(0), v.ltValue(MAX_SECONDS))),
  }),
);

function parseKnown(text: string): KnownVoice[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new VoiceFlowError('invalid-option', 'known is not JSON, expected a list of voices', { cause });
  }
  const result = v.safeParse(VoiceList, list, { abortEarly: true });
  if (result.success) return result.output.map(({ seconds, ...voice }) => (seconds ? { ...voice, seconds } : voice));
  throw invalid(
    'known',
    text.slice(0, 60),
    `a JSON list of { name, embedding, space, seconds? }, with names of up to ${MAX_NAME} characters`,
  );
}

/** @throws `invalid-option` for an unknown name: a misspelled option must not be ignored silently. */
function assertKnown(params: Readonly<Record<string, unknown>>, names: readonly string[]): void {
  const unknown = Object.keys(params).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw invalidOption(`unknown option "${unknown.slice(0, 60)}"`, `The options of this route are ${names.join(', ')}.`);
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text.trim())) throw invalid(name, text, 'a whole number');
  return Number(text);
}

function seconds(name: string, text: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text.trim())) throw invalid(name, text, 'a number of seconds');
  return Number(text);
}

function share(text: string): number {
  const value = /^\d?\.?\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 0.5) return value;
  throw invalid('falseNames', text, 'a share above 0 and at most 0.5, such as 0.02');
}

export function flag(name: string, text: string): boolean {
  if (text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1' || text === '') return true;
  throw invalid(name, text, 'true or false');
}

function invalid(name: string, value: string, expected: string): VoiceFlowError {
  return invalidOption(`${name} is "${value.slice(0, 60)}", expected ${expected}`);
}
