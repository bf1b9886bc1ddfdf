import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { type AudioInput, collect, openAudio, openBytes, VoiceFlowError } from 'voiceflow-ml/core';
import { Instance } from './instance.ts';
import { codecs, codecsFrom } from './node.ts';

const FIXTURES = new URL('../fixtures/', import.meta.url);
/** Seconds 2 to 4 of our own conversation: what `fixtures/make.sh` encoded. */
const ORIGINAL = openAudio(readFileSync(new URL('../../../examples/audio/conversation.wav', import.meta.url)), {
  sampleRate: 16_000,
})
  .then(collect)
  .then((all) => all.subarray(32_000, 64_000));

const fixture = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(new URL(name, FIXTURES)));

async function decode(input: AudioInput, signal?: AbortSignal) {
  const source = await openAudio(input, { sampleRate: 16_000, decoders: codecs, signal });
  const samples = await collect(source);
  return { samples, warnings: source.warnings };
}

/** The lag, in samples, at which two signals are most alike, and how much they are then (1: the same). */
function align(got: Float32Array, wanted: Float32Array, most = 1600) {
  let best = { lag: 0, alike: -1 };
  for (let lag = -most; lag <= most; lag += 4) {
    let [both, own, other] = [0, 0, 0];
    for (let i = 4_000; i < 24_000; i++) {
      const a = got[i + lag] ?? 0;
      const b = wanted[i] as number;
      both += a * b;
      own += a * a;
      other += b * b;
    }
    const alike = both / Math.sqrt(own * other || 1);
    if (alike > best.alike) best = { lag, alike };
  }
  return best;
}

const streamOf = (bytes: Uint8Array, size: number) => {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
};

const same = (a: Float32Array, b: Float32Array) =>
  a.length === b.length && a.every((value, i) => Object.is(value, b[i]));

/** [file, extra samples of the encoder that no tool removes, least likeness]. */
const FILES: readonly (readonly [string, number, number])[] = [
  ['talk.flac', 0, 0.99],
  ['talk.mp3', 0, 0.97],
  ['noxing.mp3', 1200, 0.95],
  ['talk.aac', 1100, 0.97],
  ['talk.m4a', 0, 0.97],
  ['faststart.m4a', 0, 0.97],
  ['fragmented.mp4', 1100, 0.97],
  ['talk.mka', 1100, 0.97],
  ['talk.ogg', 0, 0.95],
  ['talk.opus', 0, 0.95],
  ['talk.webm', 0, 0.95],
  ['adpcm_ms.wav', 0, 0.97],
  ['adpcm_ima.wav', 0, 0.97],
  ['gsm.wav', 0, 0.9],
  ['talk.aifc', 0, 0.97],
  ['talk.au', 0, 0.97],
  ['talk.caf', 0, 0.97],
  ['video.mp4', 0, 0.97],
  ['video.webm', 0, 0.95],
];

describe.each(FILES)('%s', (name, late, least) => {
  it('has the samples of the original at the same positions', async () => {
    const { samples, warnings } = await decode(fixture(name));
    const { lag, alike } = align(samples, await ORIGINAL);
    expect(alike).toBeGreaterThan(least);
    expect(Math.abs(lag)).toBeLessThanOrEqual(late + 40);
    expect(samples.length).toBeGreaterThan(31_600);
    expect(samples.length).toBeLessThan(32_000 + 2_400);
    expect(warnings).toEqual([]);
  });

  it('decodes the same from memory, a Blob and a stream in small chunks', async () => {
    const bytes = fixture(name);
    const { samples } = await decode(bytes);
    expect(same((await decode(new Blob([bytes]))).samples, samples)).toBe(true);
    expect(same((await decode(streamOf(bytes, 700))).samples, samples)).toBe(true);
  });

  it('decodes the available part of a truncated file', async () => {
    const bytes = fixture(name);
    const result = await decode(bytes.subarray(0, Math.floor(bytes.length * 0.6))).catch((error: unknown) => error);
    if (VoiceFlowError.isInstance(result)) {
      // An MP4 has its index at the end; this Ogg is one page.
      expect(result.code).toBe('invalid-audio');
      expect(name).toMatch(/talk\.m4a|video\.mp4|talk\.ogg/);
    } else {
      const { samples, warnings } = result as Awaited<ReturnType<typeof decode>>;
      expect(samples.length).toBeGreaterThan(8_000);
      expect(samples.length).toBeLessThan(30_000);
      // A stream of frames with no count of them and no end has nothing that is missing.
      const open = /noxing|\.aac/.test(name);
      if (!open) expect(warnings.map(({ code }) => code).join()).toMatch(/audio-truncated|format-questionable/);
    }
  });
});

it('takes a recording of a few frames for a short one, not for a damaged one', async () => {
  // A header of ADTS (ISO/IEC 13818-7) has the length of its frame.
  const talk = fixture('talk.aac');
  let end = 0;
  for (let i = 0; i < 2; i++) end += ((talk[end + 3]! & 3) << 11) | (talk[end + 4]! << 3) | (talk[end + 5]! >> 5);
  const aac = talk.subarray(0, end);
  // Without its ID3 tag of 20 bytes.
  const noxing = fixture('noxing.mp3').subarray(20);
  const mp3 = noxing.subarray(0, [...noxing.keys()].filter((at) => beginsFrame(noxing, at))[4]);
  for (const short of [aac, mp3]) {
    const { samples, warnings } = await decode(short);
    expect(samples.length).toBeGreaterThan(1_000);
    expect(samples.length).toBeLessThan(8_000);
    expect(warnings).toEqual([]);
  }
  const text = new TextEncoder().encode('no audio '.repeat(2_000));
  const { warnings } = await decode(Uint8Array.from([...aac, ...text]));
  expect(warnings).toMatchObject([{ code: 'format-questionable' }]);
});

/** Whether a header like that of the first frame is there; only the padding bit may differ. */
function beginsFrame(bytes: Uint8Array, at: number): boolean {
  const word = (i: number) => (bytes[i]! << 16) | (bytes[i + 1]! << 8) | (bytes[i + 2]! & 0xfd);
  return word(at) === word(0);
}

it('uses the mean of all channels where their number changes', async () => {
  const loudness = (samples: Float32Array) => Math.hypot(...samples) / Math.sqrt(samples.length);
  const [mono, right] = [fixture('talk.ogg'), fixture('right.ogg')];
  const half = (await decode(right)).samples;
  const { samples, warnings } = await decode(new Blob([mono, right]));
  expect(warnings.map(({ message }) => message)).toEqual([expect.stringMatching(/channels from 1 to 2/)]);
  expect(Math.abs(samples.length - 64_000)).toBeLessThan(1_000);
  expect(loudness(samples.subarray(samples.length - half.length))).toBeCloseTo(loudness(half), 3);
  const joined = new Blob([right, mono]);
  const last = await collect(await openAudio(joined, { sampleRate: 16_000, decoders: codecs, channels: 1 }));
  expect(loudness(last.subarray(0, 31_000))).toBeLessThan(1e-3);
  expect(loudness(last.subarray(33_000))).toBeCloseTo(loudness((await decode(mono)).samples.subarray(1_000)), 2);
});

it('keeps the samples from before a trap of the WebAssembly', async () => {
  const source = await openAudio(readFileSync(new URL('talk.mp3', FIXTURES)), { decoders: codecs });
  const trap = vi.spyOn(Instance.prototype, 'next').mockRejectedValue(new WebAssembly.RuntimeError('unreachable'));
  try {
    expect((await collect(source)).length).toBeGreaterThan(0);
  } finally {
    trap.mockRestore();
  }
  expect(source.warnings.map(({ code }) => code)).toEqual(['audio-truncated']);
});

it('detects the format by the bytes, not by the name', async () => {
  const { samples } = await decode(new File([fixture('talk.opus')], 'song.wav', { type: 'audio/wav' }));
  expect(samples.length).toBe(32_000);
});

it('works with a given WebAssembly module, and can be aborted', async () => {
  const wasm = readFileSync(new URL('../voiceflow-codecs.wasm', import.meta.url));
  for (const own of [new Uint8Array(wasm), await WebAssembly.compile(wasm)]) {
    const source = await openAudio(fixture('talk.mp3'), { sampleRate: 16_000, decoders: codecsFrom(own) });
    expect((await collect(source)).length).toBeGreaterThan(31_600);
  }
  await expect(decode(fixture('talk.mp3'), AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
});

it('yields to timers during decoding, and stops on abort', async () => {
  const one = fixture('noxing.mp3');
  const hour = new Blob(Array.from({ length: 1_800 }, () => one));
  const controller = new AbortController();
  let ticks = 0;
  const timer = setInterval(() => {
    ticks++;
    if (ticks === 3) controller.abort();
  }, 5);
  let read = 0;
  // On a busy machine the call may still be opening the file when the signal fires.
  const all = (async () => {
    const source = await openAudio(hour, { sampleRate: 16_000, decoders: codecs, signal: controller.signal });
    for (let part = await source.read(); part; part = await source.read()) read += part.length;
  })();
  await expect(all).rejects.toMatchObject({ code: 'aborted' });
  clearInterval(timer);
  expect(read).toBeLessThan(3_600 * 16_000);
});

it('uses constant memory for a recording of an hour', async () => {
  const one = fixture('noxing.mp3');
  const source = await openAudio(new Blob(Array.from({ length: 1_800 }, () => one)), {
    sampleRate: 16_000,
    decoders: codecs,
  });
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const memory: number[] = [];
  let count = 0;
  for (let part = await source.read(); part; part = await source.read()) {
    count += part.length;
    if (memory.length >= Math.floor(count / (600 * 16_000))) continue;
    // Otherwise it depends on the machine how much the collector has not taken yet.
    collectGarbage();
    memory.push(process.memoryUsage().arrayBuffers);
  }
  expect(count / 16_000).toBeGreaterThan(3_500);
  // An hour of samples is 230 MB; what is held is a block.
  expect(Math.max(...memory) - (memory[0] as number)).toBeLessThan(70e6);
});

describe('undecodable input', () => {
  it.each([
    ['an MP4 without an index', fixture('talk.m4a').subarray(0, 4_000), 'invalid-audio'],
    ['a FLAC of a head alone', fixture('talk.flac').subarray(0, 42), 'invalid-audio'],
    ['a page of Ogg', fixture('talk.ogg').subarray(0, 58), 'invalid-audio'],
    ['a text', new TextEncoder().encode('hello, this is no recording'.repeat(50)), 'unsupported-format'],
  ])('%s is rejected with a hint', async (_, bytes, code) => {
    await expect(decode(bytes)).rejects.toMatchObject({ code, hint: expect.stringMatching(/./) });
  });

  it('says what is not supported, without the advice that FFmpeg gives to its own users', async () => {
    const bytes = fixture('adpcm_ms.wav');
    // A negative size of the format's header.
    bytes[19] = 0xdb;
    await expect(decode(bytes)).rejects.toMatchObject({
      code: 'invalid-audio',
      message: expect.stringMatching(/nothing in it could be decoded \(wav header size < 14 is not implemented\)$/),
    });
  });

  it('rejects an MP4 with its index at the end that is too large for a stream, with the reason', async () => {
    const { inOrder } = await import('./mp4.ts');
    const head = fixture('talk.m4a').slice(0, 2_000);
    let left = 140;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(left === 140 ? head : new Uint8Array(1 << 20));
        if (left-- === 0) controller.close();
      },
    });
    await expect(inOrder(openBytes(endless))).rejects.toMatchObject({ code: 'audio-too-large' });
  });
});
