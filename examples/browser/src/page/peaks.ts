/** Bins of the waveform: per second, and at most in total. */
const PER_SECOND = 50;
const MOST = 100_000;
/** Samples processed before the page may redraw; takes a few milliseconds. */
const SLICE = 500_000;
/** A larger file gets no waveform: its decoded samples would take gigabytes of memory. */
const MOST_BYTES = 50e6;
const SAMPLE_RATE = 16_000;

/** The peak of each of many equal parts of a recording, relative to the peak of the whole, in [0, 1]. */
export class Peaks {
  readonly #parts: Float32Array;
  readonly #total: number;
  #at = 0;

  /** @param total Samples that will be added. */
  constructor(total: number, sampleRate: number) {
    this.#total = Math.max(1, total);
    this.#parts = new Float32Array(Math.max(1, Math.min(MOST, Math.ceil((total * PER_SECOND) / sampleRate))));
  }

  add(samples: Float32Array): void {
    const scale = this.#parts.length / this.#total;
    for (let i = 0; i < samples.length && this.#at < this.#total; i++, this.#at++) {
      const part = Math.floor(this.#at * scale);
      const size = Math.abs(samples[i] ?? 0);
      if (size > (this.#parts[part] ?? 0)) this.#parts[part] = size;
    }
  }

  get relative(): Float32Array {
    const loudest = this.#parts.reduce((most, size) => Math.max(most, size), 1e-6);
    return this.#parts.map((size) => size / loudest);
  }
}

/** The waveform of consecutive blocks of samples. Yields to the page between slices. */
export async function peaksOf(pieces: readonly Float32Array[], sampleRate: number): Promise<Float32Array> {
  const peaks = new Peaks(
    pieces.reduce((sum, { length }) => sum + length, 0),
    sampleRate,
  );
  let processed = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += SLICE) {
      const part = piece.subarray(at, at + SLICE);
      peaks.add(part);
      processed += part.length;
      if (processed < SLICE) continue;
      processed = 0;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return peaks.relative;
}

/** The waveform of a file, or undefined when this browser cannot decode it. */
export async function peaksOfFile(file: Blob): Promise<Float32Array | undefined> {
  if (file.size > MOST_BYTES) return undefined;
  try {
    const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
    const decoded = await context.decodeAudioData(await file.arrayBuffer());
    return await peaksOf([decoded.getChannelData(0)], SAMPLE_RATE);
  } catch {
    return undefined;
  }
}
