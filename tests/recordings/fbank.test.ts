import { openAsBlob } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { collect, openAudio } from 'voiceflow-ml/core';
import { fbank, subtractMean } from 'voiceflow-ml/stages';
import { floatsOf, intsOf, shared } from './networks.ts';

const HAMMING = { sampleRate: 16_000, window: 'hamming', bins: 80, scale: 32_768 } as const;
const clips = ['clip3', 'clip4', 'sample2'].filter((clip) => shared('oracles/pyannote', clip, 'fbank.f32'));

describe.skipIf(clips.length === 0)('fbank', () => {
  it.each(clips)('is within 1e-3 of the recorded features of %s', async (clip) => {
    const file = (name: string) => shared('oracles/pyannote', clip, name) as string;
    const audio = await collect(await openAudio(await openAsBlob(file('audio.wav')), { sampleRate: 16_000 }));
    const window = (await intsOf(file('seg_windows.i32')))[1] as number;
    const rows = fbank(HAMMING, audio.subarray(window * 16_000, window * 16_000 + 160_000));
    const far = (a: Float32Array, b: Float32Array) =>
      a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
    const raw = await floatsOf(file('fbank_raw.f32'));
    expect(rows.length).toBe(raw.length);
    expect(far(rows, raw)).toBeLessThan(1e-3);
    expect(far(subtractMean(rows, 80), await floatsOf(file('fbank.f32')))).toBeLessThan(1e-3);
  });
});
