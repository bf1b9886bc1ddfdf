/** What reads the files that people are given: annotations, words, voice books, manifests. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import {
  Annotation,
  parseRttm,
  parseSrt,
  parseTurnsJson,
  parseUem,
  parseVtt,
  toRttmFile,
  toSrt,
  toUem,
  toVtt,
  VoiceBook,
} from 'voiceflow-ml/core';
import { fastCnnSettings, recordingSettings } from 'voiceflow-ml/stages';
import { assignWords, groupWords, parseWords } from 'voiceflow-ml/words';
import { openAtPooling } from '../../packages/sdk/src/inference/onnx-graph.ts';
import { parseManifest } from '../../packages/sdk/src/installed/folder.ts';
import { npzFile } from '../../packages/sdk/src/stages/fixtures/npz.ts';
import { readPlda } from '../../packages/sdk/src/stages/pyannote-settings.ts';
import { toXVectorSpace } from '../../packages/sdk/src/stages/vbx.ts';
import { encodeOnnx } from '../../packages/sdk/src/testing/onnx.ts';
import {
  assertUnpolluted,
  type FuzzTarget,
  HUGE_JSON,
  latin1,
  mutated,
  ODD,
  recordOf,
  TEXT,
  target,
} from './fuzz-targets.ts';

/** Usual most of the time. */
const mostly = (usual: fc.Arbitrary<unknown>, odd: fc.Arbitrary<unknown> = ODD) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odd });
const SECONDS = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 200_000 }).map((ms) => ms / 1000) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1e-9, 999_999_999, 1e9, 1e300, -0) },
);
const LINE_END = fc.constantFrom('\n', '\r\n', '\r');
const NAME = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom('A', 'SPEAKER_00', 'Ann%20B', '<NA>', '会議', 'a b', '__proto__', 'constructor'),
  },
  { weight: 1, arbitrary: TEXT },
);
const fileOf = (line: fc.Arbitrary<string>, head = '') =>
  mutated(fc.tuple(fc.array(line, { maxLength: 8 }), LINE_END).map(([lines, end]) => head + lines.join(end)));

const RTTM = fileOf(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(NAME, fc.constantFrom('1', '2', '<NA>', 'x'), SECONDS, SECONDS, NAME)
        .map(
          ([uri, channel, start, length, name]) =>
            `SPEAKER ${uri} ${channel} ${start} ${length} <NA> <NA> ${name} <NA> <NA>`,
        ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(';; comment', 'NOSCORE a 1 0 1 <NA> <NA> <NA> <NA>', 'SPKR-INFO a 1', 'LEXEME', ' '),
    },
    { weight: 1, arbitrary: TEXT },
  ),
);
const UEM = fileOf(
  fc.oneof(
    { weight: 6, arbitrary: fc.tuple(NAME, SECONDS, SECONDS).map(([uri, start, end]) => `${uri} 1 ${start} ${end}`) },
    { weight: 1, arbitrary: TEXT },
  ),
);
const CLOCK = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.nat(99), fc.nat(59), fc.nat(59), fc.nat(999), fc.constantFrom(',', '.')) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(99_999), fc.nat(99), fc.nat(99), fc.nat(9999), fc.constantFrom(',', ':')) },
);
const CUE = fc
  .tuple(
    CLOCK,
    CLOCK,
    fc.oneof(NAME, TEXT),
    fc.constantFrom('', '<v Ann>', '[A]: ', '<i>', '<c.a&amp;>', '&#x1F4A5;', '&#999999999;', '-->', '<00:01.000>'),
  )
  .map(([from, to, text, tag]) => {
    const clock = ([h, m, s, ms, mark]: readonly [number, number, number, number, string]) =>
      `${h}:${m}:${s}${mark}${ms}`;
    return `1\n${clock(from)} --> ${clock(to)}\n${tag}${text}\n`;
  });

const WORD_TEXT = fc.oneof(fc.constantFrom(' Hello', 'there.', '你', '好。', '-five', '2014', ''), TEXT);
const TIMED = recordOf({
  text: mostly(WORD_TEXT),
  word: mostly(WORD_TEXT),
  start: mostly(SECONDS),
  end: mostly(SECONDS),
});
const list = (item: fc.Arbitrary<unknown>) => mostly(fc.array(item, { maxLength: 4 }));
const OFFSETS = recordOf({ from: mostly(fc.nat(9000)), to: mostly(fc.nat(9000)) });
const TOKEN = recordOf({
  text: mostly(fc.oneof(WORD_TEXT, fc.constant('[_BEG_]'), fc.constant('\uFFFD'))),
  offsets: mostly(OFFSETS),
});
const WORDS = fc.oneof(
  recordOf({
    segments: list(
      recordOf({ start: mostly(SECONDS), end: mostly(SECONDS), text: mostly(WORD_TEXT), words: list(TIMED) }),
    ),
    word_segments: list(TIMED),
  }),
  recordOf({
    transcription: list(recordOf({ offsets: mostly(OFFSETS), text: mostly(WORD_TEXT), tokens: list(TOKEN) })),
    result: ODD,
  }),
  recordOf({
    results: mostly(recordOf({ channels: list(recordOf({ alternatives: list(recordOf({ words: list(TIMED) })) })) })),
  }),
  recordOf({ words: list(TIMED), audio_url: ODD, status: ODD }),
  recordOf({
    chunks: list(recordOf({ text: mostly(WORD_TEXT), timestamp: mostly(fc.tuple(mostly(SECONDS), mostly(SECONDS))) })),
  }),
  list(TIMED),
);
const TURN = recordOf({
  start: mostly(SECONDS),
  end: mostly(SECONDS),
  speaker: mostly(NAME),
  confidence: mostly(fc.constantFrom(0, 0.5, 1, null)),
});
const TURNS = [
  { start: 0, end: 60, speaker: 'A' },
  { start: 50, end: 150, speaker: 'B' },
];
const json = (value: fc.Arbitrary<unknown>) =>
  fc.oneof(
    { weight: 8, arbitrary: mutated(value.map((whole) => JSON.stringify(whole) ?? '')) },
    { weight: 1, arbitrary: HUGE_JSON },
    { weight: 1, arbitrary: TEXT },
  );

const VOICE = recordOf({
  name: mostly(NAME),
  seconds: mostly(fc.constantFrom(12.5, 1e-9)),
  samples: mostly(fc.integer({ min: 1, max: 9 })),
  consistency: mostly(fc.constantFrom(1, 0.9)),
  embedding: mostly(fc.constantFrom([1, 0], [0.6, 0.8], [0, 0], [1e300, 1], [1, 2, 3], [null])),
});
const BOOK = recordOf({
  format: mostly(fc.constant('voiceflow-voices')),
  version: mostly(fc.constant(1)),
  space: mostly(fc.constant('s')),
  voices: list(VOICE),
});

const manifestFile = (name: string) =>
  readFileSync(new URL(`../../models/${name}/manifest.json`, import.meta.url), 'utf8');
const MANIFESTS = ['fast-cnn', 'segmenter', 'accurate'].map((name) => JSON.parse(manifestFile(name)) as object);

/** A manifest with one of its members, at any depth, made something else. */
const MANIFEST = fc
  .tuple(fc.constantFrom(...MANIFESTS), fc.infiniteStream(fc.nat(1000)), ODD)
  .map(([whole, steps, odd]) => {
    const copy = structuredClone(whole) as Record<string, unknown>;
    let at = copy;
    for (const step of steps) {
      const keys = Object.keys(at);
      const key = keys[step % keys.length];
      if (key === undefined) break;
      const next = at[key];
      if (typeof next === 'object' && next !== null && step % 3 > 0) at = next as Record<string, unknown>;
      else {
        at[key] = odd;
        break;
      }
    }
    return copy;
  });

/** A file of bytes, a character a byte, changed in two places at most. */
const binary = (bytes: Uint8Array) => mutated(mutated(fc.constant(String.fromCharCode(...bytes))));
/** An embedding network that pools: a mean over time before its last linear layer. */
const NETWORK = encodeOnnx({
  inputs: [{ name: 'x', type: 'float32', dims: ['N', 2] }],
  outputs: [{ name: 'y', type: 'float32', dims: ['N', 2] }],
  nodes: [
    { op: 'ReduceMean', inputs: ['x'], outputs: ['mean'] },
    { op: 'Gemm', inputs: ['mean', 'W', 'b'], outputs: ['y'] },
  ],
  weights: [
    { name: 'W', dims: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    { name: 'b', dims: [2], data: Float32Array.of(0, 1) },
  ],
});
/** The two files of a PLDA from 3 numbers to 2, most of the time; some arrays have other numbers, or other lengths. */
const arrayOf = (length: number, least = -9) => {
  const usual = fc.integer({ min: least, max: 9 });
  const odd = fc.oneof(usual, fc.constantFrom(0, -1, 1e308, Number.POSITIVE_INFINITY, Number.NaN));
  return fc.oneof(
    { weight: 12, arbitrary: fc.array(usual, { minLength: length, maxLength: length }) },
    { weight: 1, arbitrary: fc.array(odd, { maxLength: 8 }) },
  );
};
const doubles = (numbers: number[]) => ({ descr: '<f8', data: new Uint8Array(Float64Array.from(numbers).buffer) });
const npz = (arrays: Record<string, fc.Arbitrary<number[]>>) => {
  const files = fc
    .record(arrays)
    .map((given) => npzFile(Object.fromEntries(Object.entries(given).map(([name, x]) => [name, doubles(x)]))));
  return fc.oneof(
    { weight: 1, arbitrary: files.map((file) => String.fromCharCode(...file)) },
    { weight: 1, arbitrary: files.chain(binary) },
  );
};
const PLDA = fc.tuple(
  npz({ mean1: arrayOf(3), mean2: arrayOf(2), lda: arrayOf(6) }),
  npz({ mu: arrayOf(2), tr: arrayOf(4), psi: arrayOf(2, 1) }),
);

/** The reader takes what the writer makes of what it took. */
function again<T>(read: (text: string) => T, write: (value: T) => string): (input: unknown) => void {
  return (input) => {
    read(write(read(input as string)));
    assertUnpolluted();
  };
}

export const FILE_TARGETS: Readonly<Record<string, FuzzTarget>> = {
  rttm: target({ inputs: RTTM, run: again(parseRttm, (files) => toRttmFile(files)), refusals: ['invalid-option'] }),
  uem: target({ inputs: UEM, run: again(parseUem, toUem), refusals: ['invalid-option'] }),
  srt: target({ inputs: fileOf(CUE), run: again(parseSrt, toSrt), refusals: ['invalid-option'] }),
  vtt: target({ inputs: fileOf(CUE, 'WEBVTT\n\n'), run: again(parseVtt, toVtt), refusals: ['invalid-option'] }),
  turns: target({
    inputs: json(fc.oneof(list(TURN), recordOf({ turns: list(TURN) }))),
    run: (input) => new Annotation(parseTurnsJson(input)).exclusive(),
    refusals: ['invalid-option'],
  }),
  words: target({
    inputs: fc.oneof({ weight: 6, arbitrary: json(WORDS) }, { weight: 1, arbitrary: fileOf(CUE) }),
    run: (input) => {
      const said = groupWords(assignWords(parseWords(input).words, TURNS, { snap: 'sentence' }));
      parseSrt(toSrt(said));
      assertUnpolluted();
    },
    refusals: ['invalid-option'],
  }),
  book: target({
    inputs: json(BOOK),
    run: again(VoiceBook.parse, (book) => JSON.stringify(book)),
    refusals: ['invalid-option'],
  }),
  manifest: target({
    inputs: json(MANIFEST),
    run: (input) => {
      const manifest = parseManifest(input as string, 'manifest.json');
      if (manifest.pipeline === 'recordings') recordingSettings(manifest);
      else fastCnnSettings(manifest);
      assertUnpolluted();
    },
    refusals: ['model-incompatible'],
  }),
  network: target({
    inputs: binary(NETWORK),
    run: (input) => openAtPooling(latin1(input), 'network.onnx').head,
    refusals: ['model-incompatible'],
  }),
  plda: target({
    inputs: PLDA,
    run: ([transform, plda]) => {
      const space = readPlda(latin1(transform), latin1(plda));
      const voice = toXVectorSpace(space, new Float32Array(space.from).fill(1));
      if (voice.length !== space.between.length) throw new Error('a voice has another length than its space');
    },
    refusals: ['model-corrupt'],
  }),
};
