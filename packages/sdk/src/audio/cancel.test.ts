import { expect, it } from 'vitest';
import { encodeWav } from './encode-wav.ts';
import { openAudio } from './open.ts';

/** A blob that counts the slices that are read of it. */
class CountedBlob extends Blob {
  slices = 0;
  override slice(...range: Parameters<Blob['slice']>): Blob {
    this.slices++;
    return super.slice(...range);
  }
}

/** Rates that are kept, halved, and resampled by a long way round. */
it.each([16_000, 32_000, 44_100, 15_999, 1_000])(
  'a recording of %d Hz is not read further after an abort',
  async (rate) => {
    const wav = encodeWav(new Float32Array(4_000_000), rate);
    const blob = new CountedBlob([wav]);
    const controller = new AbortController();
    const source = await openAudio(blob, { sampleRate: 16_000, signal: controller.signal });
    let blocks = 0;
    const read = async () => {
      for (let part = await source.read(); part; part = await source.read()) {
        if (++blocks === 3) controller.abort();
      }
    };
    await expect(read()).rejects.toMatchObject({ code: 'aborted' });
    // What one block of the file became may still be handed out: not one byte more is read.
    const { slices } = blob;
    expect(slices).toBeLessThan(3);
    await expect(source.read()).rejects.toMatchObject({ code: 'aborted' });
    expect(blob.slices).toBe(slices);
  },
);
