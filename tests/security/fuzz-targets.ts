/** The parsers of untrusted bytes in the server, each with inputs that are nearly valid. */

import fc from 'fast-check';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { clientAddresses } from '../../packages/server/src/adapters/common/client-address.ts';
import { FrameReader, writeFrame } from '../../packages/server/src/engine/processes/frames.ts';
import { parseMultipart } from '../../packages/server/src/engine/runner/multipart.ts';
import { diarizeParams, embedParams, joinParams } from '../../packages/server/src/engine/runner/params.ts';
import { inferTensors } from '../../packages/server/src/engine/runner/tensors.ts';
import { liveRequest, parseCommand } from '../../packages/server/src/routes/stream/messages.ts';

/** A parser under test. Inputs are JSON, so that a corpus can hold them. */
export interface FuzzTarget<Input = unknown> {
  readonly inputs: fc.Arbitrary<Input>;
  /** Parses; what it throws must be one of `refusals`. */
  run(input: Input): unknown;
  readonly refusals: readonly string[];
}

export const target = <Input>(each: FuzzTarget<Input>): FuzzTarget => each as FuzzTarget;
export const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0) & 255);

export const TEXT = fc.oneof(
  fc.string({ maxLength: 40, unit: 'binary' }),
  fc.constantFrom(
    '',
    '0',
    '-1',
    '1e309',
    '1.5',
    '9'.repeat(400),
    'NaN',
    'true',
    '__proto__',
    'constructor',
    '\u0000',
    '💥',
    'a\r\nb',
  ),
);
export const HUGE_JSON = fc.constantFrom(
  '['.repeat(50_000),
  '{"a":'.repeat(20_000),
  `"${'x'.repeat(100_000)}"`,
  '1e999999',
  '{"toString":1}',
);

/** Text that is as it should be, or changed in one place, or cut off. */
export function mutated(text: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const change = fc.record({
    at: fc.nat(2_000),
    drop: fc.nat(3),
    put: fc.oneof(fc.constant(''), TEXT),
    cut: fc.boolean(),
  });
  return fc.tuple(text, fc.option(change, { nil: undefined })).map(([whole, how]) => {
    if (how === undefined) return whole;
    const at = whole.length === 0 ? 0 : how.at % whole.length;
    return whole.slice(0, at) + how.put + (how.cut ? '' : whole.slice(at + how.drop));
  });
}

const FORM_PIECE = fc.oneof(
  fc.constantFrom('--b', '\r\n--b', '--b--', '\r\n', '\r', '\n', '--', '-', ' ', '\t', '"', ';', '\\', ':'),
  fc.string({ maxLength: 30, unit: 'binary' }),
);
const PIECES = fc.array(FORM_PIECE, { maxLength: 6 }).map((pieces) => pieces.join(''));
const PART_HEAD = fc.constantFrom(
  'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav',
  'Content-Disposition: form-data; name="file"',
  'content-disposition: form-data; name=numSpeakers',
  'Content-Disposition: form-data; name="known"',
  'Content-Disposition: form-data; name="__proto__"',
  'Content-Disposition: attachment; name="file"',
  'Content-Type: audio/wav',
);
const FORM = mutated(
  fc
    .array(fc.tuple(PART_HEAD, PIECES), { maxLength: 5 })
    .map((parts) => `${parts.map(([head, body]) => `--b\r\n${head}\r\n\r\n${body}\r\n`).join('')}--b--\r\n`),
);

const INPUTS = [{ name: 'audio', type: 'float32', dims: ['N', 4] }] as const;
const MODEL = { id: 'm', version: '1', inputs: INPUTS };
export const ODD = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(1e308, -0, {}, [], { toString: 1 }, { length: 4 }, null),
);
export const maybe = <T>(usual: T) =>
  fc.oneof({ weight: 20, arbitrary: fc.constant<unknown>(usual) }, { weight: 1, arbitrary: ODD });
/** All members, most of the time. */
export const recordOf = (members: Record<string, fc.Arbitrary<unknown>>) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.record(members) },
    { weight: 1, arbitrary: fc.record(members, { requiredKeys: [] }) },
  );
const TENSOR = recordOf({
  name: maybe('audio'),
  shape: maybe([1, 4]),
  datatype: maybe('FP32'),
  data: maybe([1, 2, 3, 4]),
  parameters: maybe({}),
});
const OIP = recordOf({
  id: maybe('1'),
  inputs: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(TENSOR) },
    { weight: 1, arbitrary: fc.array(TENSOR, { maxLength: 3 }) },
    { weight: 1, arbitrary: ODD },
  ),
  outputs: fc.oneof(
    { weight: 6, arbitrary: fc.tuple(recordOf({ name: maybe('mean') })) },
    { weight: 1, arbitrary: fc.array(recordOf({ name: maybe('mean') }), { maxLength: 3 }) },
    { weight: 1, arbitrary: ODD },
  ),
  parameters: maybe({ binary_data_output: true }),
});

const VOICE = JSON.stringify([{ name: 'Ada', space: 's', embedding: [1, 0] }]);
const RIGHT: Readonly<Record<string, readonly string[]>> = {
  numSpeakers: ['2'],
  minSpeakers: ['1'],
  maxSpeakers: ['9'],
  known: [VOICE, '[]'],
  exclusive: ['true', '0', ''],
  uri: ['call'],
  start: ['0.5'],
  end: ['2'],
  sampleRate: ['16000'],
  encoding: ['s16le', 'f32le'],
  latency: ['1'],
  step: ['0.25'],
};
/** Options as they should be, most of the time; else any name with anything. */
const QUERY = fc
  .array(
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .constantFrom(...Object.keys(RIGHT))
          .chain((name) => fc.tuple(fc.constant(name), fc.constantFrom(...(RIGHT[name] ?? [''])))),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(
          fc.constantFrom(...Object.keys(RIGHT)),
          fc.oneof(TEXT, HUGE_JSON, fc.json({ maxDepth: 3 })),
        ),
      },
      { weight: 1, arbitrary: fc.tuple(TEXT, TEXT) },
    ),
    { maxLength: 3 },
  )
  .map((entries) => Object.fromEntries(entries));

/** What a worker writes, a character a byte; some frames claim other lengths than they have. */
const FRAME = fc
  .tuple(
    recordOf({ type: maybe('result'), value: ODD }),
    fc.array(fc.nat(255), { maxLength: 20 }),
    fc.option(fc.tuple(fc.constantFrom(4, 8), fc.constantFrom(0, 1, 40, 64 * 1024 * 1024 + 1, 0xffffffff)), {
      freq: 8,
      nil: undefined,
    }),
  )
  .map(([head, body, claim]) => {
    const parts: Uint8Array[] = [];
    const sink = { write: (bytes: Uint8Array) => parts.push(bytes) > 0, cork() {}, uncork() {} };
    writeFrame(sink, head, [Uint8Array.from(body)]);
    const bytes = Buffer.concat(parts);
    if (claim !== undefined) bytes.writeUInt32LE(claim[1], claim[0]);
    return bytes.toString('latin1');
  });
const FRAMES = fc.array(FRAME, { minLength: 1, maxLength: 3 }).map((frames) => frames.join(''));

async function mean(feeds: Record<string, { dims: readonly number[]; data: ArrayLike<number> | object }>) {
  const [n = 0] = feeds.audio?.dims ?? [];
  return { mean: { type: 'float32' as const, dims: [n], data: new Float32Array(n) } };
}

/** A client may name a prototype's member; none of them may be reached. */
export function assertUnpolluted(): void {
  if (Object.keys(Object.prototype).length > 0) throw new Error('a prototype was changed');
}

export const TARGETS: Readonly<Record<string, FuzzTarget>> = {
  form: target({
    inputs: fc.record({
      type: fc.constantFrom(
        'multipart/form-data; boundary=b',
        'multipart/form-data; boundary="b"',
        'multipart/form-data',
        'multipart/form-data; boundary=',
      ),
      body: fc.oneof({ weight: 3, arbitrary: FORM }, { weight: 1, arbitrary: PIECES }),
    }),
    run: async ({ type, body }) => {
      await parseMultipart(latin1(body), type);
      assertUnpolluted();
    },
    refusals: ['invalid-option'],
  }),
  tensors: target({
    inputs: fc.record({
      json: fc.oneof(
        { weight: 8, arbitrary: OIP.map((value) => JSON.stringify(value)) },
        { weight: 1, arbitrary: HUGE_JSON },
        { weight: 1, arbitrary: TEXT },
      ),
      rest: fc.oneof(
        { weight: 3, arbitrary: fc.constant<number[]>([]) },
        { weight: 1, arbitrary: fc.array(fc.nat(255), { maxLength: 40 }) },
      ),
      header: fc.option(fc.oneof(fc.nat(300), fc.constantFrom(0, 999_999_999)), { nil: undefined }),
      exact: fc.boolean(),
    }),
    run: async ({ json, rest, header, exact }) => {
      const head = new TextEncoder().encode(json);
      const body = new Uint8Array([...head, ...rest]);
      await inferTensors(body, exact ? head.length : header, MODEL, mean as Parameters<typeof inferTensors>[3]);
      assertUnpolluted();
    },
    refusals: ['invalid-option'],
  }),
  options: target({
    inputs: fc.record({ query: QUERY, fields: QUERY }),
    run: ({ query, fields }) => {
      const outcomes = [
        () => diarizeParams(joinParams(query, fields)),
        () => embedParams(query),
        () => liveRequest(query),
        () => liveRequest({ sampleRate: '16000', ...fields }),
      ].map((each) => {
        try {
          return void each();
        } catch (error) {
          return error;
        }
      });
      assertUnpolluted();
      const odd = outcomes.find((error) => error !== undefined && !VoiceFlowError.isInstance(error));
      if (odd !== undefined) throw odd;
      if (outcomes.every((error) => error !== undefined)) throw outcomes[0];
    },
    refusals: ['invalid-option'],
  }),
  command: target({
    inputs: fc.oneof(
      TEXT,
      HUGE_JSON,
      fc.json(),
      fc.record({ type: maybe('end'), recluster: ODD }, { requiredKeys: [] }).map((value) => JSON.stringify(value)),
    ),
    run: (text) => parseCommand(text),
    refusals: [],
  }),
  frames: target({
    inputs: fc.record({ bytes: mutated(FRAMES), cut: fc.integer({ min: 1, max: 50 }) }),
    run: ({ bytes, cut }) => {
      const all = latin1(bytes);
      const reader = new FrameReader(() => {});
      for (let at = 0; at < all.length; at += cut) reader.push(all.subarray(at, at + cut));
    },
    refusals: ['backend-failed'],
  }),
  forwarded: target({
    inputs: fc.record({
      connection: fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant('::ffff:127.0.0.1'), TEXT),
      header: fc.option(
        fc.oneof(
          fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), TEXT), { maxLength: 8 }).map((list) => list.join(',')),
          TEXT,
        ),
        { nil: undefined },
      ),
    }),
    run: ({ connection, header }) => clientAddresses(['127.0.0.0/8', 'fd00::/8'])(connection, header),
    refusals: [],
  }),
};

/** `ok`, or the code of the refusal. @throws what is neither. */
export async function outcomeOf(target: FuzzTarget, input: unknown): Promise<string> {
  try {
    const told = await target.run(input);
    return typeof told === 'string' && told.startsWith('answered') ? told : 'ok';
  } catch (error) {
    if (VoiceFlowError.isInstance(error) && target.refusals.includes(error.code)) return error.code;
    throw error;
  }
}
