import type { ErrorCode } from 'voiceflow-ml/core';
import { STATUS } from '../../http/problem.ts';
import type { Limits } from '../../limits.ts';
import { binary, integer, number, object, ref, schemas, string } from './schemas.ts';

/** An OpenAPI 3.1 document, as far as we write and read it ourselves. */
export interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, unknown>>;
}

export interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly security?: readonly unknown[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Readonly<Record<string, unknown>> };
  readonly responses: Readonly<Record<string, unknown>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'query' | 'header' | 'path';
  readonly description: string;
  readonly required?: boolean;
  readonly schema: unknown;
}

const json = (name: string) => ({ 'application/json': { schema: ref(name) } });

function query(name: string, schema: unknown, description: string, required = false): Parameter {
  return { name, in: 'query', description, schema, ...(required ? { required } : {}) };
}

const DEADLINE: Parameter = {
  name: 'x-deadline-ms',
  in: 'header',
  description: 'Milliseconds from the last byte of the body to the answer, up to the limit of the server.',
  schema: { type: 'integer', minimum: 1 },
};

/** What other packages add, described by themselves. */
export interface MorePaths {
  readonly paths: Readonly<Record<string, unknown>>;
  readonly schemas: Readonly<Record<string, unknown>>;
}

/** The description of the server, with the limits in force. */
export function openApi(version: string, limits: Limits, more?: MorePaths): OpenApi {
  return {
    openapi: '3.1.0',
    info: {
      title: 'VoiceFlow',
      version,
      description:
        'Who spoke when. Errors are application/problem+json (RFC 9457) with a stable `code`; every response carries x-request-id, inference ones Server-Timing.',
    },
    paths: {
      '/v1/infer': { post: inferOperation(limits) },
      '/v1/diarize': { post: diarizeOperation(limits) },
      '/v1/embed': { post: embedOperation(limits) },
      '/v1/stream': { get: streamOperation() },
      ...tensorPaths(),
      ...systemPaths(),
      ...(more?.paths as OpenApi['paths'] | undefined),
    },
    components: {
      schemas: { ...schemas(), ...more?.schemas },
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  };
}

const SECURITY = [{ key: [] }, {}];

function problems(...codes: readonly ErrorCode[]): Record<string, unknown> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of [...codes, 'unauthorized', 'quota-exceeded', 'invalid-option'] as const) {
    byStatus.set(STATUS[code], [...(byStatus.get(STATUS[code]) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, these]) => [
      status,
      { description: these.join(', '), content: { 'application/problem+json': { schema: ref('Problem') } } },
    ]),
  );
}

const JOB_PROBLEMS = ['overloaded', 'deadline-exceeded', 'backend-failed', 'audio-too-large', 'invalid-audio'] as const;

function inferOperation(limits: Limits): Operation {
  return {
    summary: 'One window through the network',
    description: `48,000 little-endian float32 samples (one second of mono at 48 kHz), or a WAV file whose first second is used. Body up to ${limits.inferBodyBytes} bytes, deadline ${limits.inferDeadlineMs} ms. Accept: application/octet-stream gives float32: embeddings [2, 256], then activity [T, 2].`,
    tags: ['Inference'],
    security: SECURITY,
    parameters: [DEADLINE],
    requestBody: {
      required: true,
      content: { 'application/octet-stream': { schema: binary }, 'audio/wav': { schema: binary } },
    },
    responses: {
      200: {
        description: 'Two local speakers: who they are, and when they speak.',
        content: { ...json('Window'), 'application/octet-stream': { schema: binary } },
      },
      ...problems(...JOB_PROBLEMS, 'unsupported-format', 'model-incompatible'),
    },
  };
}

function diarizeOperation(limits: Limits): Operation {
  const count = { type: 'integer', minimum: 1, maximum: 100 };
  return {
    summary: 'Who spoke when in a recording',
    description: `The recording as the body in any supported format, or as the part "file" of a form, whose fields are options as well. Up to ${limits.bodyBytes} bytes and ${limits.audioSeconds} s; deadline ${limits.deadlineMs} ms for its start and after each progress. Accept: text/event-stream gives "progress" events, then "result" (or "problem").`,
    tags: ['Inference'],
    security: SECURITY,
    parameters: [
      query('numSpeakers', count, 'Exactly this many voices.'),
      query('minSpeakers', count, 'At least this many.'),
      query('maxSpeakers', count, 'At most this many.'),
      query('known', string, 'Voices to recognise, as JSON: a list of { name, embedding, space }.'),
      query(
        'channels',
        string,
        'mix (default), separate (a speaker or several a channel, labeled LEFT and RIGHT), names for the channels (agent,customer), or the number of one.',
      ),
      query('exclusive', { type: 'boolean' }, 'Adds "exclusive": turns with one speaker at a time.'),
      query('format', { enum: ['json', 'rttm', 'srt', 'vtt'] }, 'The form of the result; else chosen by Accept.'),
      query('uri', string, 'The file id in RTTM.'),
      DEADLINE,
    ],
    requestBody: {
      required: true,
      content: {
        'audio/*': { schema: binary },
        'application/octet-stream': { schema: binary },
        'multipart/form-data': { schema: object({ file: binary }) },
      },
    },
    responses: {
      200: {
        description: 'The turns and the speakers.',
        content: {
          ...json('Diarization'),
          'text/event-stream': { schema: string },
          'text/plain; format=rttm': { schema: string },
          'application/x-subrip': { schema: string },
          'text/vtt': { schema: string },
        },
      },
      ...problems(...JOB_PROBLEMS, 'unsupported-format', 'audio-too-long'),
    },
  };
}

function embedOperation(limits: Limits): Operation {
  return {
    summary: 'The voice of a recording',
    description: `One embedding of unit length, of the whole recording or of start–end. Body as for /v1/diarize, up to ${limits.bodyBytes} bytes.`,
    tags: ['Inference'],
    security: SECURITY,
    parameters: [query('start', number, 'Seconds.'), query('end', number, 'Seconds.'), DEADLINE],
    requestBody: {
      required: true,
      content: { 'audio/*': { schema: binary }, 'multipart/form-data': { schema: object({ file: binary }) } },
    },
    responses: {
      200: {
        description: 'The embedding.',
        content: { ...json('Embedding'), 'application/octet-stream': { schema: binary } },
      },
      ...problems(...JOB_PROBLEMS, 'unsupported-format', 'audio-too-long'),
    },
  };
}

function streamOperation(): Operation {
  return {
    summary: 'Live diarization (WebSocket)',
    description:
      'Binary messages are mono PCM. The server sends JSON: ready, turn-start, turn-update, turn-end, speaker, speaker-merged, error, end. Send {"type":"end"} to finish and get the result, {"type":"keep-alive"} while there is no audio: `ready` says in `idleMs` how long the server waits for a word.',
    tags: ['Inference'],
    security: SECURITY,
    parameters: [
      query('sampleRate', integer, 'Samples a second.', true),
      query('encoding', { enum: ['s16le', 'f32le'], default: 's16le' }, 'How samples are written.'),
      query('latency', number, 'Seconds, 0.5–5.'),
      query('step', number, 'Seconds, 0.25–1.'),
      query('maxSpeakers', integer, 'At most this many voices.'),
      query('known', string, 'Voices to recognise, as JSON.'),
      query('access_token', string, 'The API key, for browsers, which cannot set a header here.'),
    ],
    responses: {
      101: { description: 'The session.' },
      426: { description: 'Not a WebSocket request.' },
      ...problems(),
    },
  };
}

function tensorPaths(): OpenApi['paths'] {
  const tags = ['Open Inference Protocol'];
  const model: Parameter = {
    name: 'model',
    in: 'path',
    required: true,
    description: 'The name of the model.',
    schema: string,
  };
  const ok = (name: string, description: string) => ({ 200: { description, content: json(name) } });
  return {
    '/v2': { get: { summary: 'The server', tags, responses: ok('ServerMetadata', 'Name, version, extensions.') } },
    '/v2/health/live': { get: { summary: 'Liveness', tags, responses: ok('Live', 'It answers.') } },
    '/v2/health/ready': { get: { summary: 'Readiness', tags, responses: ok('Live', 'It takes requests; else 503.') } },
    '/v2/models/{model}': {
      get: {
        summary: 'The model',
        tags,
        security: SECURITY,
        parameters: [model],
        responses: ok('ModelMetadata', 'Inputs and outputs.'),
      },
    },
    '/v2/models/{model}/ready': {
      get: {
        summary: 'Readiness of the model',
        tags,
        parameters: [model],
        responses: ok('ModelReady', 'It takes requests; else 503.'),
      },
    },
    '/v2/models/{model}/infer': {
      post: {
        summary: 'Tensors through the network',
        description:
          'JSON, or JSON followed by raw little-endian tensors (extension binary_tensor_data). /versions/{version} may precede.',
        tags,
        security: SECURITY,
        parameters: [
          model,
          {
            name: 'Inference-Header-Content-Length',
            in: 'header',
            description: 'Bytes of the JSON, where tensors follow it; 0 where the body is the data of the only input.',
            schema: integer,
          },
          DEADLINE,
        ],
        requestBody: {
          required: true,
          content: { ...json('InferenceRequest'), 'application/octet-stream': { schema: binary } },
        },
        responses: { ...ok('InferenceResponse', 'The outputs.'), ...problems(...JOB_PROBLEMS) },
      },
    },
  };
}

function systemPaths(): OpenApi['paths'] {
  const tags = ['System'];
  const get = (summary: string, type: string) => ({
    get: { summary, tags, responses: { 200: { description: 'OK', content: { [type]: { schema: {} } } } } },
  });
  return {
    '/healthz': get('Liveness', 'application/json'),
    '/readyz': get('Readiness: 503 while starting and draining', 'application/json'),
    '/metrics': get('Prometheus metrics', 'text/plain'),
    '/openapi.json': get('This description', 'application/json'),
    '/docs': get('This description, to read', 'text/html'),
    '/': get('The demo page', 'text/html'),
  };
}
