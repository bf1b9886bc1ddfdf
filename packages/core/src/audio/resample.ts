import { VoiceFlowError } from '../errors.ts';
import { designLowpass, type Lowpass } from './resample-filter.ts';
import { createScalarKernel, type Kernel, LANES } from './resample-kernel.ts';

/** Sample rates between which we convert, in Hz. Below, no speech is left; above are no recordings of speech. */
export const MIN_SAMPLE_RATE = 1_000;
export const MAX_SAMPLE_RATE = 1_000_000;

/** Outputs computed in one go: bounds the memory whatever the ratio. */
const MAX_BLOCK = 1 << 15;
/** Coefficients kept for a ratio (1 MiB of float32); ratios that need more interpolate between phases. */
const MAX_COEFFICIENTS = 1 << 18;
/** Phases between which such ratios interpolate, for each input sample of an undecimated filter: error below −110 dB. */
const FINE_PHASES = 512;

/** Changes the sample rate of mono samples that come in pieces; the result does not depend on the pieces. */
export interface Resampler {
  readonly fromRate: number;
  readonly toRate: number;
  /** Samples to push at once for the least copying; more is allowed. */
  readonly block: number;
  /** What `samples` make computable (possibly nothing). The array is valid until the next call. */
  push(samples: Float32Array): Float32Array;
  /** The rest; in all there are ⌈inputs · toRate / fromRate⌉ samples. Nothing may be pushed after. */
  end(): Float32Array;
}

/**
 * A polyphase windowed-sinc resampler: passes 0.9 of the lower Nyquist frequency within 0.1 dB, stops from that Nyquist
 * frequency on by 80 dB, and delays nothing (output n is the input's value at time n / toRate).
 * @param fromRate whole Hz, 1 000 to 1 000 000. @param toRate the same.
 * @throws `invalid-option` for other rates.
 */
export function createResampler(fromRate: number, toRate: number): Resampler {
  for (const rate of [fromRate, toRate]) {
    if (!isSupportedRate(rate)) {
      throw new VoiceFlowError('invalid-option', `cannot resample at ${rate} Hz; expected ${RATE_RANGE}`);
    }
  }
  if (fromRate === toRate)
    return { fromRate, toRate, block: MAX_BLOCK, push: (samples) => samples, end: () => new Float32Array(0) };
  return new PolyphaseResampler(fromRate, toRate);
}

/** For messages. */
export const RATE_RANGE = `a whole number from ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE}`;

export function isSupportedRate(rate: number): boolean {
  return Number.isInteger(rate) && rate >= MIN_SAMPLE_RATE && rate <= MAX_SAMPLE_RATE;
}

/** Fills the coefficients of one group, `[rows, LANES]`, at `target[at]`. */
type GroupFiller = (group: number, target: Float32Array, at: number) => void;

/**
 * Outputs are computed in groups of 8 that read the same inputs, each lane with coefficients shifted to its own time.
 * The pattern of groups repeats after a period, so that a bank of `[groups, rows, 8]` holds all coefficients.
 */
class PolyphaseResampler implements Resampler {
  readonly fromRate: number;
  readonly toRate: number;
  readonly block: number;
  /** Outputs per `#down` inputs, without common factors. */
  readonly #up: number;
  readonly #down: number;
  readonly #groups: number;
  readonly #advance: number;
  readonly #rows: number;
  readonly #kernel: Kernel;
  /** Present where the bank would be too large: one group is filled at a time. */
  readonly #fill: GroupFiller | undefined;
  /** In the kernel's input: where the current period starts, and how much is filled. */
  #origin = 0;
  #filled: number;
  #group = 0;
  #received = 0;
  #produced = 0;

  constructor(fromRate: number, toRate: number) {
    this.fromRate = fromRate;
    this.toRate = toRate;
    const divisor = gcd(fromRate, toRate);
    const up = toRate / divisor;
    const down = fromRate / divisor;
    const repeat = LANES / gcd(up, LANES);
    this.#up = up;
    this.#down = down;
    this.#groups = (up * repeat) / LANES;
    this.#advance = down * repeat;
    const lowpass = designLowpass(fromRate, toRate);
    const half = Math.ceil(lowpass.halfWidth);
    const spread = Math.ceil(((LANES - 1) * down) / up);
    this.#rows = Math.ceil((2 * half + spread) / 4) * 4;
    this.block = Math.min(MAX_BLOCK, Math.max(1, Math.floor((MAX_BLOCK * down) / up)));
    const fits = this.#groups * this.#rows * LANES <= MAX_COEFFICIENTS;
    const step = Math.ceil((LANES * down) / up);
    this.#kernel = createScalarKernel({
      rows: this.#rows,
      offsets: fits ? Int32Array.from({ length: this.#groups }, (_, g) => this.#offset(g)) : new Int32Array(1),
      advance: fits ? this.#advance : 0,
      inputLength: this.#rows + step + this.block,
      outputLength: Math.ceil((((this.block + 2) * up) / down + 2 * LANES) / LANES) * LANES,
    });
    this.#filled = half - 1;
    const phases = fits ? exactPhases(lowpass, half) : interpolatedPhases(lowpass, half, Math.min(1, up / down));
    const fill: GroupFiller = (group, target, at) => this.#fillGroup(group, phases, target, at);
    if (fits) {
      for (let g = 0; g < this.#groups; g++) fill(g, this.#kernel.coefficients, g * this.#rows * LANES);
    } else {
      this.#fill = fill;
    }
  }

  push(samples: Float32Array): Float32Array {
    this.#received += samples.length;
    if (samples.length <= this.block) return this.#process(samples);
    const parts: Float32Array[] = [];
    for (let at = 0; at < samples.length; at += this.block) {
      parts.push(this.#process(samples.subarray(at, at + this.block)).slice());
    }
    return concat(parts);
  }

  end(): Float32Array {
    const total =
      Math.floor(this.#received / this.#down) * this.#up +
      Math.ceil(((this.#received % this.#down) * this.#up) / this.#down);
    const left = total - this.#produced;
    const parts: Float32Array[] = [];
    for (let zeros = this.#rows + Math.ceil((LANES * this.#down) / this.#up); zeros > 0; zeros -= this.block) {
      parts.push(this.#process(new Float32Array(Math.min(zeros, this.block))).slice());
    }
    return concat(parts).subarray(0, left);
  }

  /** @param samples at most a block. */
  #process(samples: Float32Array): Float32Array {
    const { input, output } = this.#kernel;
    this.#compact(samples.length);
    input.set(samples, this.#filled);
    this.#filled += samples.length;
    const reach = this.#filled - this.#rows - this.#origin;
    // Group i starts ⌊8·i·down/up⌋ after the origin, which must be within reach.
    const end = reach < 0 ? 0 : Math.ceil(((reach + 1) * this.#up) / (LANES * this.#down));
    const count = Math.max(0, end - this.#group);
    if (this.#fill) this.#runFilled(count, this.#fill);
    else this.#kernel.run(count, this.#group, this.#origin, 0);
    this.#pass(count);
    this.#produced += count * LANES;
    return output.subarray(0, count * LANES);
  }

  /** Group by group, with coefficients made for each. */
  #runFilled(count: number, fill: GroupFiller): void {
    for (let n = 0; n < count; n++) {
      const group = (this.#group + n) % this.#groups;
      const period = Math.floor((this.#group + n) / this.#groups);
      fill(group, this.#kernel.coefficients, 0);
      this.#kernel.run(1, 0, this.#origin + period * this.#advance + this.#offset(group), n * LANES);
    }
  }

  #pass(count: number): void {
    const group = this.#group + count;
    this.#origin += Math.floor(group / this.#groups) * this.#advance;
    this.#group = group % this.#groups;
  }

  /** Makes room for `count` samples by dropping what no group reads any more. */
  #compact(count: number): void {
    const { input } = this.#kernel;
    if (this.#filled + count <= input.length) return;
    const keep = this.#origin + this.#offset(this.#group);
    input.copyWithin(0, keep, this.#filled);
    this.#origin -= keep;
    this.#filled -= keep;
  }

  #offset(group: number): number {
    return Math.floor((LANES * group * this.#down) / this.#up);
  }

  #fillGroup(group: number, phases: PhaseWriter, target: Float32Array, at: number): void {
    target.fill(0, at, at + this.#rows * LANES);
    const base = this.#offset(group);
    for (let lane = 0; lane < LANES; lane++) {
      const time = (LANES * group + lane) * this.#down;
      const shift = Math.floor(time / this.#up) - base;
      phases((time % this.#up) / this.#up, target, at + shift * LANES + lane);
    }
  }
}

/**
 * Writes the filter's taps for an output that lies `fraction` of an input sample after its base, at every 8th place from
 * `at`; tap k belongs to the input `half - 1 - k` samples before the base. They sum to one.
 */
type PhaseWriter = (fraction: number, target: Float32Array, at: number) => void;

function exactPhases(lowpass: Lowpass, half: number): PhaseWriter {
  const taps = new Float64Array(2 * half);
  return (fraction, target, at) => {
    sampleFilter(lowpass, half, fraction, taps);
    for (let k = 0; k < taps.length; k++) target[at + k * LANES] = taps[k] as number;
  };
}

/** Straight lines between fine phases. @param ratio of the rates, at most 1: longer filters are smoother. */
function interpolatedPhases(lowpass: Lowpass, half: number, ratio: number): PhaseWriter {
  const phases = Math.max(16, Math.ceil(FINE_PHASES * ratio));
  const table = Array.from({ length: phases + 1 }, (_, phase) => {
    const taps = new Float64Array(2 * half);
    sampleFilter(lowpass, half, phase / phases, taps);
    return taps;
  });
  return (fraction, target, at) => {
    const place = fraction * phases;
    const phase = Math.floor(place);
    const share = place - phase;
    const left = table[phase] as Float64Array;
    const right = table[phase + 1] as Float64Array;
    for (let k = 0; k < left.length; k++) {
      const from = left[k] as number;
      target[at + k * LANES] = from + share * ((right[k] as number) - from);
    }
  };
}

function sampleFilter(lowpass: Lowpass, half: number, fraction: number, taps: Float64Array): void {
  let sum = 0;
  for (let k = 0; k < taps.length; k++) {
    const value = lowpass.at(fraction + half - 1 - k);
    taps[k] = value;
    sum += value;
  }
  for (let k = 0; k < taps.length; k++) taps[k] = (taps[k] as number) / sum;
}

export function concat(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
