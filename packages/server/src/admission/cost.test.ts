import { describe, expect, it } from 'vitest';
import { encodeWav } from 'voiceflow-ml/core';
import { secondsOf } from './cost.ts';

describe('the length of a recording', () => {
  it('is read from the header, also within a form, for any byte rate', () => {
    for (const [rate, encoding] of [
      [1_000, 'f32'],
      [48_000, 's16'],
      [16_000, 'f32'],
    ] as const) {
      const wav = encodeWav(new Float32Array(20 * rate), rate, { encoding });
      expect(secondsOf([wav], wav.length)).toBeCloseTo(20, 1);
      const head = new TextEncoder().encode('--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n');
      expect(secondsOf([new Uint8Array([...head, ...wav])], head.length + wav.length)).toBeCloseTo(20, 1);
    }
  });

  it('is estimated without a header, within limits', () => {
    expect(secondsOf([], 160_000)).toBe(10);
    expect(secondsOf([new Uint8Array(100)], 100)).toBe(1);
    const lies = encodeWav(new Float32Array(20_000), 16_000);
    new DataView(lies.buffer).setUint32(24, 0, true);
    expect(secondsOf([lies], lies.length)).toBeLessThan(21);
    new DataView(lies.buffer).setUint32(24, 0xffffffff, true);
    expect(secondsOf([lies], lies.length)).toBe(1);
    new DataView(lies.buffer).setUint32(16, 0xffffffff, true);
    expect(secondsOf([lies.subarray(0, 30)], lies.length)).toBeGreaterThan(1);
  });
});
