import { type Bank, LANES, SUMS } from './resample-kernel.ts';

/** Maximum coefficients per ratio (4 MiB of float32). Ratios that need more interpolate between fine phases. */
const MAX_COEFFICIENTS = 1 << 20;
/** Fine phases per input sample for a filter that does not decimate: the interpolation error is below −110 dB. */
const FINE_PHASES = 512;
/** Maximum interpolated coefficients computed at a time: a few groups. */
const MADE_COEFFICIENTS = 1 << 15;
/** Maximum number of ratios whose coefficients are cached: a process rarely uses more rates. */
const CACHED_RATIOS = 8;

/** The resampling plan of one ratio. Outputs are computed in groups of `LANES`; the groups repeat after a period. */
export interface Plan {
  /** `up` outputs for every `down` inputs, without common factors. */
  readonly up: number;
  readonly down: number;
  /** Groups per period, and the inputs that a period advances. */
  readonly groups: number;
  readonly advance: number;
  /** Number of inputs before and after an output's time that it depends on. */
  readonly half: number;
  /** Number of inputs that a group reads. */
  readonly rows: number;
  /** First input of a group, relative to the start of its period. */
  offset(group: number): number;
  /**
   * Coefficients of the whole period if `whole`; otherwise of at most `count` groups from `group` on, valid until the
   * next call.
   */
  bank(group: number, count: number): Bank;
  /** Whether one bank contains all groups. */
  readonly whole: boolean;
}

const cache = new Map<string, Plan>();

/** The plan of a ratio, cached. */
export function planFor(fromRate: number, toRate: number): Plan {
  const divisor = gcd(fromRate, toRate);
  const key = `${fromRate / divisor}/${toRate / divisor}`;
  const plan = cache.get(key) ?? makePlan(fromRate / divisor, toRate / divisor);
  cache.delete(key);
  cache.set(key, plan);
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHED_RATIOS) break;
    cache.delete(oldest);
  }
  return plan;
}

function makePlan(down: number, up: number): Plan {
  const lowpass = designLowpass(down, up);
  const half = Math.ceil(lowpass.halfWidth);
  const repeat = LANES / gcd(up, LANES);
  const groups = (up * repeat) / LANES;
  const spread = Math.ceil(((LANES - 1) * down) / up);
  const rows = Math.ceil((2 * half + spread) / SUMS) * SUMS;
  const whole = groups * rows * LANES <= MAX_COEFFICIENTS;
  const phases = whole ? exactPhases(lowpass, half) : finePhases(lowpass, half, Math.min(1, up / down));
  const offset = (group: number) => Math.floor((LANES * group * down) / up);
  const make = (first: number, count: number, memory?: Float32Array): Bank => {
    const coefficients = memory?.subarray(0, count * rows * LANES).fill(0) ?? new Float32Array(count * rows * LANES);
    for (let g = 0; g < count; g++) {
      for (let lane = 0; lane < LANES; lane++) {
        const time = (LANES * (first + g) + lane) * down;
        const row = g * rows + Math.floor(time / up) - offset(first + g);
        phases((time % up) / up, coefficients, row * LANES + lane);
      }
    }
    const offsets = Int32Array.from({ length: count }, (_, g) => offset(first + g));
    return { rows, offsets, advance: down * repeat, coefficients };
  };
  const all = whole ? make(0, groups) : undefined;
  const most = Math.max(1, Math.floor(MADE_COEFFICIENTS / (rows * LANES)));
  const memory = new Float32Array(whole ? 0 : most * rows * LANES);
  return {
    up,
    down,
    groups,
    advance: down * repeat,
    half,
    rows,
    offset,
    whole,
    bank: (group, count) => all ?? make(group, Math.min(most, groups - group, count), memory),
  };
}

/**
 * Writes the filter taps for an output that is `fraction` of an input sample after its base, to every 8th position from
 * `at`. Tap k belongs to the input `half - 1 - k` samples before the base. The taps sum to one.
 */
type PhaseWriter = (fraction: number, target: Float32Array, at: number) => void;

function exactPhases(lowpass: Lowpass, half: number): PhaseWriter {
  const taps = new Float32Array(2 * half);
  return (fraction, target, at) => {
    sampleFilter(lowpass, half, fraction, taps);
    for (let k = 0; k < taps.length; k++) target[at + k * LANES] = taps[k]!;
  };
}

/**
 * Linear interpolation between fine phases.
 * @param ratio Ratio of the rates, at most 1: longer filters are smoother.
 */
function finePhases(lowpass: Lowpass, half: number, ratio: number): PhaseWriter {
  const phases = Math.max(16, Math.ceil(FINE_PHASES * ratio));
  const length = 2 * half;
  const table = new Float32Array((phases + 1) * length);
  for (let phase = 0; phase <= phases; phase++) {
    sampleFilter(lowpass, half, phase / phases, table.subarray(phase * length, (phase + 1) * length));
  }
  return (fraction, target, at) => {
    const phase = Math.floor(fraction * phases);
    const share = fraction * phases - phase;
    for (let k = 0, from = phase * length; k < length; k++, from++) {
      const value = table[from]!;
      target[at + k * LANES] = value + share * (table[from + length]! - value);
    }
  };
}

function sampleFilter(lowpass: Lowpass, half: number, fraction: number, taps: Float32Array): void {
  let sum = 0;
  const values = Float64Array.from(taps, (_, k) => lowpass.at(fraction + half - 1 - k));
  for (const value of values) sum += value;
  for (let k = 0; k < taps.length; k++) taps[k] = values[k]! / sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/**
 * The filter, in units of the lower rate: half its length in samples, its cutoff as a share of the Nyquist frequency,
 * and the β of Kaiser's window ("Nonrecursive digital filter design", 1974). Chosen by a scan of the three values as
 * the shortest filter that attenuates less than 0.1 dB at 0.9 of the Nyquist frequency (0.06) and at least 80 dB at 1.0
 * (82).
 */
const HALF_WIDTH = 46;
const CUTOFF = 0.944;
const BETA = 7.9;

/** A continuous low-pass filter for resampling, in units of input samples. */
interface Lowpass {
  /** Half the length of the filter, in input samples. */
  readonly halfWidth: number;
  /** Value of the filter at `offset` input samples from its center. */
  at(offset: number): number;
}

/** Kaiser-windowed sinc with a pass band up to 0.9 of the lower Nyquist frequency and a stop band from 1.0 on. */
function designLowpass(fromRate: number, toRate: number): Lowpass {
  const ratio = Math.min(1, toRate / fromRate);
  const cutoff = CUTOFF * ratio;
  const halfWidth = HALF_WIDTH / ratio;
  const window = kaiserWindow();
  return {
    halfWidth,
    at(offset) {
      const place = (Math.abs(offset) / halfWidth) * WINDOW_STEPS;
      if (place >= WINDOW_STEPS) return 0;
      const step = Math.floor(place);
      const left = window[step]!;
      const weight = left + (place - step) * (window[step + 1]! - left);
      const angle = Math.PI * cutoff * offset;
      return cutoff * weight * (Math.abs(angle) < 1e-9 ? 1 : Math.sin(angle) / angle);
    },
  };
}

/** Steps of the window table: the error of linear interpolation between them is below −130 dB. */
const WINDOW_STEPS = 4_096;
let table: Float64Array | undefined;

/** Kaiser window from its center to its end, cached. */
function kaiserWindow(): Float64Array {
  table ??= Float64Array.from({ length: WINDOW_STEPS + 1 }, (_, i) => {
    return bessel0(BETA * Math.sqrt(1 - (i / WINDOW_STEPS) ** 2)) / bessel0(BETA);
  });
  return table;
}

/** Modified Bessel function of the first kind, order 0, by its series. */
function bessel0(x: number): number {
  const quarter = (x * x) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}
