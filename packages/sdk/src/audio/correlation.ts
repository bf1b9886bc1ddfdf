/** Sample rate in Hz at which channels are compared: enough for voices, with few multiplications. */
const COMPARED_RATE = 4000;
/** Length of a window in seconds. */
const WINDOW_SECONDS = 0.2;

/** A window of a block, in samples at the block's rate, with measures of its channels. */
interface Window {
  readonly from: number;
  readonly to: number;
  /** Mean square of each channel. */
  readonly power: readonly number[];
  /** The channel with the most power. */
  readonly loudest: number;
  /**
   * How similar two channels are, at any level and sign and with a delay of up to `seconds`: the largest magnitude of
   * their normalized cross-correlation, 0 to 1.
   */
  correlation(a: number, b: number, seconds: number): number;
}

/**
 * Cuts a block of channels into windows of 0.2 s; the last one includes the remainder.
 * @param channels Arrays of equal length. @param rate Sample rate in Hz.
 */
export function windowsOf(channels: readonly Float32Array[], rate: number): Window[] {
  const factor = Math.max(1, Math.floor(rate / COMPARED_RATE));
  const coarse = channels.map((samples) => thin(samples, factor));
  const length = coarse[0]?.length ?? 0;
  const step = Math.max(1, Math.round((WINDOW_SECONDS * rate) / factor));
  const count = Math.max(1, Math.round(length / step));
  const windows: Window[] = [];
  for (let k = 0; k < count; k++) {
    const from = k * step;
    const to = k === count - 1 ? length : from + step;
    if (to <= from) continue;
    const power = coarse.map((samples) => meanSquare(samples, from, to));
    windows.push({
      from: from * factor,
      to: k === count - 1 ? (channels[0]?.length ?? 0) : to * factor,
      power,
      loudest: power.indexOf(Math.max(...power)),
      correlation: (a, b, seconds) =>
        correlation(coarse[a]!, coarse[b]!, from, to, Math.round((seconds * rate) / factor)),
    });
  }
  return windows;
}

/** Downsamples by the mean of `factor` samples; a remainder at the end is dropped, unless there is nothing else. */
function thin(samples: Float32Array, factor: number): Float32Array {
  const out = new Float32Array(Math.max(samples.length > 0 ? 1 : 0, Math.floor(samples.length / factor)));
  for (let i = 0; i < out.length; i++) {
    let sum = 0;
    for (let j = i * factor; j < (i + 1) * factor; j++) sum += samples[j] ?? 0;
    out[i] = sum / factor;
  }
  return out;
}

function meanSquare(samples: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += samples[i]! ** 2;
  return sum / (to - from);
}

function correlation(a: Float32Array, b: Float32Array, from: number, to: number, lags: number): number {
  const own = meanSquare(a, from, to) * (to - from);
  if (own === 0) return 0;
  let best = 0;
  for (let lag = -lags; lag <= lags; lag++) {
    let both = 0;
    let other = 0;
    const last = Math.min(to, b.length - lag);
    for (let i = Math.max(from, -lag); i < last; i++) {
      const value = b[i + lag]!;
      both += a[i]! * value;
      other += value * value;
    }
    if (other > 0) best = Math.max(best, Math.abs(both) / Math.sqrt(own * other));
  }
  return Math.min(1, best);
}
