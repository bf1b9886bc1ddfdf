/** Bins of the waveform: per second, and at most in total. */
const PER_SECOND = 50;
const MOST = 100_000;
/** Samples processed before the page may redraw; takes a few milliseconds. */
const SLICE = 500_000;
/** A larger file gets no waveform: its decoded samples would take gigabytes of memory. */
const MOST_BYTES = 50e6;
const SAMPLE_RATE = 16_000;

/** Number of equal parts in the waveform of a recording. */
export function partsOf(samples: number, sampleRate: number): number {
  return Math.max(1, Math.min(MOST, Math.ceil((samples * PER_SECOND) / sampleRate)));
}

/**
 * The waveform of consecutive blocks of samples: the peak of each part, relative to the peak of the whole, in [0, 1].
 * Yields to the page between slices.
 */
export async function peaksOf(pieces: readonly Float32Array[], sampleRate: number): Promise<Float32Array> {
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const peaks = new Float32Array(partsOf(total, sampleRate));
  let at = 0;
  for (const piece of pieces) {
    for (const sample of piece) {
      const part = Math.floor((at * peaks.length) / total);
      const size = Math.abs(sample);
      if (size > (peaks[part] ?? 0)) peaks[part] = size;
      if (++at % SLICE === 0) await new Promise((resolve) => setTimeout(resolve));
    }
  }
  const loudest = peaks.reduce((most, size) => Math.max(most, size), 1e-6);
  return peaks.map((size) => size / loudest);
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
