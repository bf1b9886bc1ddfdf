import type * as pipeline from 'voiceflow-ml/stages';
import { generalEigen } from './matrix.ts';
import type { Analyzed } from './windows.ts';

/** A slot is used when at least this share of its activity is one speaker's, and at least this many frames. */
const PURE = 0.85;
const LEAST_FRAMES = 20;
/** Fewer slots are not enough to estimate how a voice varies. */
const LEAST_SLOTS = 4;
/**
 * Shrinkage of the within-speaker covariance towards a multiple of the identity, because it is estimated from few
 * voices and rooms.
 */
const SHRINK = 0.3;
/** Dimensions of the voice space. In further ones, voices differ by less than the noise of the estimate. */
const VOICE_DIMENSIONS = 64;

/** Computes the voice space of a network from labeled recordings. A class is one speaker in one recording. */
export function fitVoiceSpace(recordings: readonly Analyzed[], above: number, frame: number): pipeline.VoiceSpace {
  const classes = recordings
    .flatMap((recording) => pureSlots(recording, above, frame))
    .filter((rows) => rows.length >= LEAST_SLOTS);
  const from = classes[0]?.[0]?.length ?? 0;
  const { mean, within, between } = covariances(classes, from);
  const trace = diagonal(within, from).reduce((sum, x) => sum + x, 0);
  const drawn = within.map((x, i) => (1 - SHRINK) * x + (i % (from + 1) === 0 ? (SHRINK * trace) / from : 0));
  const { values, vectors: axes } = generalEigen(between, drawn, from);
  const to = Math.min(VOICE_DIMENSIONS, values.filter((x) => x > 1e-6).length);
  const projection = new Float32Array(from * to);
  for (let i = 0; i < from; i++) for (let j = 0; j < to; j++) projection[j * from + i] = axes[i * from + j]!;
  return { from, to, mean, projection, between: Float32Array.from(values.subarray(0, to)) };
}

/** Embeddings of slots with a single speaker, by speaker. */
function pureSlots({ local, reference }: Analyzed, above: number, frame: number): Float32Array[][] {
  const speakers = [...new Set(reference.map((turn) => turn.speaker))].sort();
  const frames = local.startOf(local.windows) + local.frames;
  const raster = new Uint8Array(frames * speakers.length);
  for (const turn of reference) {
    const k = speakers.indexOf(turn.speaker);
    const end = Math.min(frames, Math.round(turn.end / frame));
    for (let t = Math.round(turn.start / frame); t < end; t++) raster[t * speakers.length + k] = 1;
  }
  const rows = speakers.map((): Float32Array[] => []);
  for (let window = 0; window < local.windows; window++) {
    for (let slot = 0; slot < local.slots; slot++) {
      const speaker = pureSpeaker(local, window, slot, raster, speakers.length, above);
      const embedding = local.embedding(window, slot);
      if (speaker >= 0 && embedding) rows[speaker]?.push(embedding);
    }
  }
  return rows;
}

function pureSpeaker(
  local: pipeline.LocalSpeakers,
  window: number,
  slot: number,
  raster: Uint8Array,
  speakers: number,
  above: number,
): number {
  const activity = local.activity(window);
  const own = new Float64Array(speakers);
  let total = 0;
  let frames = 0;
  for (let t = 0; t < local.frames; t++) {
    const a = activity[t * local.slots + slot]!;
    total += a;
    if (a > above) frames++;
    const at = (window * local.hop + t) * speakers;
    for (let k = 0; k < speakers; k++) if (raster[at + k]) own[k]! += a;
  }
  const best = own.indexOf(Math.max(...own));
  const share = own[best] ?? 0;
  return frames > 0 && share >= LEAST_FRAMES && share >= PURE * total ? best : -1;
}

/**
 * Mean of all rows; pooled covariance within classes; covariance of the class means, with equal weight for each class.
 */
function covariances(
  classes: readonly Float32Array[][],
  d: number,
): { mean: Float32Array; within: Float64Array; between: Float64Array } {
  const means = classes.map((rows) => meanOf(rows, d));
  const mean = meanOf(classes.flat(), d);
  const within = new Float64Array(d * d);
  const between = new Float64Array(d * d);
  let freedom = 0;
  classes.forEach((rows, k) => {
    const center = means[k]!;
    for (const row of rows) addOuter(within, row, center, d);
    freedom += rows.length - 1;
    addOuter(between, center, mean, d);
  });
  return {
    mean: Float32Array.from(mean),
    within: within.map((x) => x / freedom),
    between: between.map((x) => x / classes.length),
  };
}

function meanOf(rows: readonly ArrayLike<number>[], d: number): Float64Array {
  const mean = new Float64Array(d);
  for (const row of rows) for (let i = 0; i < d; i++) mean[i]! += row[i]! / rows.length;
  return mean;
}

function addOuter(sum: Float64Array, row: ArrayLike<number>, center: ArrayLike<number>, d: number): void {
  const x = Float64Array.from({ length: d }, (_, i) => row[i]! - center[i]!);
  for (let i = 0; i < d; i++) {
    const a = x[i]!;
    for (let j = 0; j < d; j++) sum[i * d + j]! += a * x[j]!;
  }
}

function diagonal(a: Float64Array, n: number): number[] {
  return Array.from({ length: n }, (_, i) => a[i * n + i]!);
}
