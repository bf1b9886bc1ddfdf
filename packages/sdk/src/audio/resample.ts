import { VoiceFlowError } from '../contract/errors.ts';
import { type Plan, planFor } from './resample-bank.ts';
import { type Kernel, LANES, scalarKernel } from './resample-kernel.ts';
import { simdKernel } from './resample-simd.ts';

/** Sample rates between which we convert, in Hz. Below, no speech is left; above are no recordings of speech. */
const MIN_SAMPLE_RATE = 1_000;
const MAX_SAMPLE_RATE = 1_000_000;
/** For messages. */
export const RATE_RANGE = `a whole number from ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE}`;

/** Samples computed in one go: bounds the memory whatever the ratio. */
const MAX_BLOCK = 1 << 14;

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
  if (fromRate === toRate) {
    return { fromRate, toRate, block: MAX_BLOCK, push: (samples) => samples, end: () => new Float32Array(0) };
  }
  return new PolyphaseResampler(fromRate, toRate, simdKernel() ?? scalarKernel);
}

export function isSupportedRate(rate: number): boolean {
  return Number.isInteger(rate) && rate >= MIN_SAMPLE_RATE && rate <= MAX_SAMPLE_RATE;
}

/** Keeps the inputs that later outputs still read, and runs the kernel whenever whole groups can be computed. */
export class PolyphaseResampler implements Resampler {
  readonly block: number;
  readonly #plan: Plan;
  readonly #kernel: Kernel;
  readonly #input: Float32Array;
  readonly #output: Float32Array;
  /** In `#input`: where the current period starts (before the array, once its first inputs are dropped), and the end. */
  #origin = 0;
  #filled: number;
  #group = 0;
  #received = 0;
  #produced = 0;

  constructor(
    readonly fromRate: number,
    readonly toRate: number,
    kernel: Kernel,
  ) {
    const plan = planFor(fromRate, toRate);
    const { up, down, rows, half } = plan;
    this.#plan = plan;
    this.#kernel = kernel;
    this.block = Math.min(MAX_BLOCK, Math.max(1, Math.floor((MAX_BLOCK * down) / up)));
    this.#input = new Float32Array(rows + Math.ceil((LANES * down) / up) + this.block);
    this.#output = new Float32Array(Math.ceil(((this.block + 2) * up) / down / LANES + 2) * LANES);
    // Silence before the first sample, so that the filter is centred on it.
    this.#filled = half - 1;
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
    const { up, down, rows } = this.#plan;
    const total = Math.floor(this.#received / down) * up + Math.ceil(((this.#received % down) * up) / down);
    const left = total - this.#produced;
    const parts: Float32Array[] = [];
    for (let zeros = rows + Math.ceil((LANES * down) / up); zeros > 0; zeros -= this.block) {
      parts.push(this.#process(new Float32Array(Math.min(zeros, this.block))).slice());
    }
    return concat(parts).subarray(0, left);
  }

  /** @param samples at most a block. */
  #process(samples: Float32Array): Float32Array {
    const { up, down, rows, whole } = this.#plan;
    this.#compact(samples.length);
    this.#input.set(samples, this.#filled);
    this.#filled += samples.length;
    const reach = this.#filled - rows - this.#origin;
    // Group i starts ⌊8·i·down/up⌋ inputs after the origin, which must be within reach.
    const end = reach < 0 ? 0 : Math.ceil(((reach + 1) * up) / (LANES * down));
    const count = Math.max(0, end - this.#group);
    const input = this.#input.subarray(0, this.#filled);
    for (let done = 0; done < count; ) {
      const bank = this.#plan.bank(this.#group, count - done);
      const step = whole ? count : bank.offsets.length;
      const run = { origin: this.#origin, group: whole ? this.#group : 0, count: step };
      this.#kernel(bank, input, run, this.#output.subarray(done * LANES));
      this.#pass(step);
      done += step;
    }
    this.#produced += count * LANES;
    return this.#output.subarray(0, count * LANES);
  }

  #pass(count: number): void {
    const group = this.#group + count;
    this.#origin += Math.floor(group / this.#plan.groups) * this.#plan.advance;
    this.#group = group % this.#plan.groups;
  }

  /** Makes room for `count` samples by dropping what no group reads any more. */
  #compact(count: number): void {
    if (this.#filled + count <= this.#input.length) return;
    const keep = this.#origin + this.#plan.offset(this.#group);
    this.#input.copyWithin(0, keep, this.#filled);
    this.#origin -= keep;
    this.#filled -= keep;
  }
}

/** Arrays one after the other. */
export function concat(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
