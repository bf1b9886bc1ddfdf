import { type DiarizeOptions, type EmbedOptions, type KnownVoice, VoiceFlowError } from 'voiceflow-ml/core';

type Params = Readonly<Record<string, string>>;

/** Options of `/v1/diarize`, from text. Ranges and contradictions are the SDK's to judge. */
export interface DiarizeParams {
  readonly options: Pick<
    DiarizeOptions,
    'numSpeakers' | 'minSpeakers' | 'maxSpeakers' | 'known' | 'channels' | 'channelNames'
  >;
  /** Adds one-speaker-at-a-time turns to the JSON. */
  readonly exclusive: boolean;
  /** The file id in RTTM. */
  readonly uri: string | undefined;
}

/**
 * The options of a request: from its query and from the fields of its form.
 * @throws `invalid-option` for an option in both, and for `format` as a field: it is needed before the form is read.
 */
export function joinParams(query: Params, fields: Params): Params {
  if ('format' in fields) {
    throw new VoiceFlowError('invalid-option', 'format is a field of the form, expected it in the query', {
      hint: 'For example: /v1/diarize?format=rttm',
    });
  }
  const twice = Object.keys(fields).find((name) => name in query);
  if (twice === undefined) return { ...query, ...fields };
  throw new VoiceFlowError(
    'invalid-option',
    `the option "${twice.slice(0, 60)}" is given twice, in the query and in the form`,
  );
}

/** The file id of an upload: its name without folders and extension; undefined where nothing is left of it. */
export function baseName(filename: string | undefined): string | undefined {
  const name = filename
    ?.replace(/^.*[/\\]/s, '')
    .replace(/\.[^.]*$/, '')
    .slice(0, 200);
  return name === '' ? undefined : name;
}

/** @throws `invalid-option` naming the option, its value and what is allowed. */
export function diarizeParams(params: Params): DiarizeParams {
  assertKnown(params, ['numSpeakers', 'minSpeakers', 'maxSpeakers', 'known', 'channels', 'exclusive', 'uri', 'format']);
  const counts: { numSpeakers?: number; minSpeakers?: number; maxSpeakers?: number } = {};
  for (const name of ['numSpeakers', 'minSpeakers', 'maxSpeakers'] as const) {
    const value = params[name];
    if (value !== undefined) counts[name] = wholeNumber(name, value);
  }
  const { known, uri } = params;
  if (uri !== undefined && !/^[^\s]{1,200}$/.test(uri)) {
    throw invalid('uri', uri, 'up to 200 characters without spaces, as an RTTM file id has');
  }
  return {
    options: {
      ...counts,
      ...channelsOf(params.channels),
      ...(known === undefined ? {} : { known: parseKnown(known) }),
    },
    exclusive: flag('exclusive', params.exclusive),
    uri,
  };
}

/** `mix`, `separate`, a number from 1, or a name for each channel, which separates them: `agent,customer`. */
function channelsOf(text: string | undefined): Pick<DiarizeOptions, 'channels' | 'channelNames'> {
  if (text === undefined) return {};
  if (text === 'mix' || text === 'separate') return { channels: text };
  if (/^[1-9]\d{0,2}$/.test(text)) return { channels: Number(text) };
  const channelNames = text.split(',').map((name) => name.trim());
  const good = channelNames.length > 1 && channelNames.every((name) => name !== '' && name.length <= MAX_NAME);
  if (good) return { channels: 'separate', channelNames };
  throw invalid('channels', text, '"mix", "separate", a number from 1, or a name for each channel (agent,customer)');
}

/** `start` and `end` in seconds: the part of the recording that has the voice. */
export function embedParams(params: Params): Pick<EmbedOptions, 'segments'> {
  assertKnown(params, ['start', 'end']);
  const { start, end } = params;
  if (start === undefined && end === undefined) return {};
  if (end === undefined) throw invalid('end', 'absent', 'a number of seconds, where start is given');
  const segment = { start: seconds('start', start ?? '0'), end: seconds('end', end) };
  if (segment.end <= segment.start) throw invalid('end', end, `more than start, ${segment.start}`);
  return { segments: [segment] };
}

/** Characters of a voice's name, which every turn of the answer repeats. */
const MAX_NAME = 200;
const MAX_EMBEDDING = 4096;

/** Voices as JSON: `[{"name": …, "embedding": [256 numbers], "space": …}]`. */
export function parseKnown(text: string): KnownVoice[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (cause) {
    throw new VoiceFlowError('invalid-option', 'known is not JSON, expected a list of voices', { cause });
  }
  const voices = Array.isArray(list) ? list.map(toKnown) : [];
  if (!Array.isArray(list) || voices.some((voice) => voice === undefined)) {
    throw invalid(
      'known',
      text.slice(0, 60),
      `a JSON list of { name, embedding, space }, with names of up to ${MAX_NAME} characters`,
    );
  }
  return voices.filter((voice) => voice !== undefined);
}

function toKnown(value: unknown): KnownVoice | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, embedding, space } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof space !== 'string' || !Array.isArray(embedding)) return undefined;
  if (name.length > MAX_NAME || embedding.length > MAX_EMBEDDING) return undefined;
  if (!embedding.every((number) => typeof number === 'number' && Number.isFinite(number))) return undefined;
  return { name, space, embedding: Float32Array.from(embedding) };
}

/** @throws `invalid-option` for a name that is none: a misspelt option must not be ignored silently. */
export function assertKnown(params: Params, names: readonly string[]): void {
  const unknown = Object.keys(params).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new VoiceFlowError('invalid-option', `there is no option "${unknown.slice(0, 60)}"`, {
    hint: `Options here: ${names.join(', ')}.`,
  });
}

export function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text.trim())) throw invalid(name, text, 'a whole number');
  return Number(text);
}

export function seconds(name: string, text: string): number {
  if (!/^\d{1,9}(\.\d{1,9})?$/.test(text.trim())) throw invalid(name, text, 'a number of seconds');
  return Number(text);
}

function flag(name: string, text: string | undefined): boolean {
  if (text === undefined || text === 'false' || text === '0') return false;
  if (text === 'true' || text === '1' || text === '') return true;
  throw invalid(name, text, 'true or false');
}

export function invalid(name: string, value: string, expected: string): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `${name} is "${value.slice(0, 60)}", expected ${expected}`);
}
