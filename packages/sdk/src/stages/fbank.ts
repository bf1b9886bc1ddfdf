import type { EmbeddingPart } from '../contract/model.ts';
import { PowerSpectrum } from './fft.ts';

/** Kaldi's frames: 25 ms every 10 ms. */
const FRAME_SECONDS = 0.025;
const STEP_SECONDS = 0.01;
const PREEMPHASIS = 0.97;
const LOWEST_HZ = 20;
/** Kaldi's floor for energies: the epsilon of float32. */
const FLOOR = 1.1920928955078125e-7;

export type FbankShape = Pick<EmbeddingPart, 'sampleRate' | 'window' | 'bins' | 'scale'>;

/**
 * Log mel energies as computed by Kaldi's `compute-fbank-feats` without dither, frame by frame as samples arrive (snip
 * edges: a frame is emitted when all of its samples have arrived). DC offset removed, pre-emphasis 0.97, power
 * spectrum, triangular filters linear in mel from 20 Hz to the Nyquist frequency. One instance per stream.
 */
export class Fbank {
  readonly bins: number;
  /** Samples per frame and between frames. */
  readonly length: number;
  readonly step: number;
  readonly #scale: number;
  readonly #taper: Float64Array;
  readonly #spectrum: PowerSpectrum;
  readonly #frame: Float64Array;
  readonly #power: Float64Array;
  readonly #row: Float32Array;
  readonly #first: Int32Array;
  readonly #weights: readonly Float64Array[];
  readonly #kept: Float32Array;
  #filled = 0;

  constructor({ sampleRate, window, bins, scale }: FbankShape) {
    this.bins = bins;
    this.length = Math.round(sampleRate * FRAME_SECONDS);
    this.step = Math.round(sampleRate * STEP_SECONDS);
    this.#scale = scale;
    this.#taper = taper(window, this.length);
    const size = 2 ** Math.ceil(Math.log2(this.length));
    this.#spectrum = new PowerSpectrum(size);
    this.#frame = new Float64Array(size);
    this.#power = new Float64Array(size / 2);
    this.#row = new Float32Array(bins);
    const { first, weights } = melFilters(bins, size, sampleRate);
    this.#first = first;
    this.#weights = weights;
    this.#kept = new Float32Array(this.length);
  }

  /** @param emit Gets each frame that the samples complete, `[bins]`; the view is valid during the call only. */
  push(samples: Float32Array, emit: (row: Float32Array) => void): void {
    let read = 0;
    while (read < samples.length) {
      const count = Math.min(this.length - this.#filled, samples.length - read);
      this.#kept.set(samples.subarray(read, read + count), this.#filled);
      this.#filled += count;
      read += count;
      if (this.#filled < this.length) return;
      this.#compute();
      emit(this.#row);
      this.#kept.copyWithin(0, this.step);
      this.#filled = this.length - this.step;
    }
  }

  #compute(): void {
    const x = this.#frame;
    const kept = this.#kept;
    const taper = this.#taper;
    let sum = 0;
    for (let i = 0; i < kept.length; i++) {
      // Kaldi scales in float32.
      x[i] = Math.fround(kept[i]! * this.#scale);
      sum += x[i]!;
    }
    const mean = sum / kept.length;
    let before = x[0]! - mean;
    for (let i = 0; i < kept.length; i++) {
      const sample = x[i]! - mean;
      x[i] = (sample - PREEMPHASIS * before) * taper[i]!;
      before = sample;
    }
    this.#spectrum.transform(x, this.#power);
    const power = this.#power;
    for (let bin = 0; bin < this.bins; bin++) {
      const weights = this.#weights[bin]!;
      const from = this.#first[bin]!;
      let energy = 0;
      for (let i = 0; i < weights.length; i++) energy += weights[i]! * power[from + i]!;
      this.#row[bin] = Math.log(Math.max(energy, FLOOR));
    }
  }
}

/** All frames of some samples, `[frames, bins]`. */
export function fbank(shape: FbankShape, samples: Float32Array): Float32Array {
  const frames = new Fbank(shape);
  const count = samples.length < frames.length ? 0 : 1 + Math.floor((samples.length - frames.length) / frames.step);
  const rows = new Float32Array(count * frames.bins);
  let at = 0;
  frames.push(samples, (row) => {
    rows.set(row, at);
    at += row.length;
  });
  return rows;
}

/** Subtracts from each bin its mean over all rows, in place. @param rows `[frames, bins]`. */
export function subtractMean(rows: Float32Array, bins: number): Float32Array {
  const frames = rows.length / bins;
  for (let bin = 0; bin < bins; bin++) {
    let sum = 0;
    for (let at = bin; at < rows.length; at += bins) sum += rows[at]!;
    const mean = sum / frames;
    for (let at = bin; at < rows.length; at += bins) rows[at]! -= mean;
  }
  return rows;
}

function taper(window: FbankShape['window'], length: number): Float64Array {
  const a = (2 * Math.PI) / (length - 1);
  const of = {
    hamming: (i: number) => 0.54 - 0.46 * Math.cos(a * i),
    povey: (i: number) => (0.5 - 0.5 * Math.cos(a * i)) ** 0.85,
  }[window];
  return Float64Array.from({ length }, (_, i) => of(i));
}

/** For each mel bin, its first spectral line and the weights from there on. */
function melFilters(bins: number, size: number, rate: number): { first: Int32Array; weights: Float64Array[] } {
  const mel = (hz: number) => 1127 * Math.log(1 + hz / 700);
  const lowest = mel(LOWEST_HZ);
  const delta = (mel(rate / 2) - lowest) / (bins + 1);
  const first = new Int32Array(bins);
  const weights = Array.from({ length: bins }, (_, bin) => {
    const left = lowest + bin * delta;
    const found: number[] = [];
    for (let line = 0; line < size / 2; line++) {
      const at = (mel((line * rate) / size) - left) / delta;
      if (at <= 0 || at >= 2) continue;
      if (found.length === 0) first[bin] = line;
      found.push(at <= 1 ? at : 2 - at);
    }
    return Float64Array.from(found);
  });
  return { first, weights };
}
