import { invalidOption } from '../contract/errors.ts';
import { type Plan, planFor } from './resample-bank.ts';
import { type Kernel, LANES, scalarKernel } from './resample-kernel.ts';
import { simdKernel } from './resample-simd.ts';

/** Supported sample rates in Hz. Lower rates contain no speech; higher ones are not used for speech. */
const MIN_SAMPLE_RATE = 1_000;
const MAX_SAMPLE_RATE = 1_000_000;
/** The supported rates, for error messages. */
export const RATE_RANGE = `a whole number from ${MIN_SAMPLE_RATE} to ${MAX_SAMPLE_RATE}`;

/** Maximum samples computed at once, to bound memory for any ratio. */
const MAX_BLOCK = 1 << 14;

/** Changes the sample rate of mono samples that arrive in chunks. The result does not depend on the chunk sizes. */
export interface Resampler {
  readonly fromRate: number;
  readonly toRate: number;
  /** Number of samples to push at once with the least copying; more is allowed. */
  readonly block: number;
  /** Returns the output that can be computed now (possibly empty). The array is valid until the next call. */
  push(samples: Float32Array): Float32Array;
  /** Returns the rest: ⌈inputs · toRate / fromRate⌉ samples in total. Nothing may be pushed afterwards. */
  end(): Float32Array;
}

/**
 * A polyphase windowed-sinc resampler. Its pass band reaches 0.9 of the lower Nyquist frequency (within 0.1 dB); from
 * that Nyquist frequency on it attenuates by 80 dB. It adds no delay (output n is the input's value at time n /
 * toRate).
 * @param fromRate Integer Hz, 1 000 to 1 000 000. @param toRate The same.
 * @throws `invalid-option` for other rates.
 */
export function createResampler(fromRate: number, toRate: number): Resampler {
  for (const rate of [fromRate, toRate]) {
    if (!isSupportedRate(rate)) {
      throw invalidOption(`cannot resample at ${rate} Hz, expected ${RATE_RANGE}`);
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

/** Keeps the inputs that later outputs need, and runs the kernel whenever whole groups can be computed. */
export class PolyphaseResampler implements Resampler {
  readonly block: number;
  readonly #plan: Plan;
  readonly #kernel: Kernel;
  readonly #input: Float32Array;
  readonly #output: Float32Array;
  /** Positions in `#input`: start of the current period (negative once its first inputs are dropped), and end. */
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
    // Silence before the first sample, so that the filter is centered on it.
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

  /** @param samples At most `block` samples. */
  #process(samples: Float32Array): Float32Array {
    const { up, down, rows, whole } = this.#plan;
    this.#compact(samples.length);
    this.#input.set(samples, this.#filled);
    this.#filled += samples.length;
    const reach = this.#filled - rows - this.#origin;
    // Group i starts ⌊8·i·down/up⌋ inputs after the origin; this must not exceed `reach`.
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

  /** Makes room for `count` samples by dropping inputs that are not needed any more. */
  #compact(count: number): void {
    if (this.#filled + count <= this.#input.length) return;
    const keep = this.#origin + this.#plan.offset(this.#group);
    this.#input.copyWithin(0, keep, this.#filled);
    this.#origin -= keep;
    this.#filled -= keep;
  }
}

/** Concatenates arrays. */
export function concat(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
