import { VoiceFlowError } from '../contract/errors.ts';
import type { Segment } from '../contract/segment.ts';
import type { LocalRecording } from '../stages/local-speakers.ts';
import { accumulate, dot, normalize } from '../stages/vectors.ts';

type Recording = Pick<
  LocalRecording,
  'windows' | 'frames' | 'slots' | 'dimensions' | 'startOf' | 'activity' | 'embedding'
>;

/**
 * Returns one unit vector for each span, or one for the whole recording: the mean of the embeddings of each window's
 * main local speaker in the span, weighted by its activity, minus the mean of all embeddings.
 * @param mean Mean of all embeddings. @param frame Seconds per frame.
 * @throws `invalid-audio` when a segment holds no speech or begins after the end of the recording.
 */
export function embedSpans(
  { mean, frame }: { readonly mean: Float32Array; readonly frame: number },
  local: Recording,
  segments: readonly Segment[] | undefined,
  duration: number,
): Float32Array[] {
  const spans = segments ?? [{ start: 0, end: duration }];
  return spans.map(({ start, end }) => {
    const last = Math.min(end, duration);
    const sum = sumOf(local, Math.round(start / frame), Math.round(last / frame), mean);
    if (dot(sum, sum) > 0) return normalize(sum);
    throw new VoiceFlowError(
      'invalid-audio',
      start < last ? `no speech between ${start} s and ${last} s` : `the recording ends at ${last} s`,
      { hint: 'choose a segment with speech' },
    );
  });
}

function sumOf(local: Recording, from: number, to: number, mean: Float32Array): Float32Array {
  const sum = new Float32Array(local.dimensions);
  for (let window = 0; window < local.windows; window++) {
    const first = local.startOf(window);
    if (first + local.frames <= from || first >= to) continue;
    const { slot, weight } = mainSlot(local, window, Math.max(0, from - first), Math.min(local.frames, to - first));
    const embedding = local.embedding(window, slot);
    if (!embedding || weight === 0) continue;
    accumulate(sum, embedding, weight);
    accumulate(sum, mean, -weight);
  }
  return sum;
}

/** The slot that speaks most in the frames `[from, to)`. Its weight is lower if it also speaks outside of them. */
function mainSlot(local: Recording, window: number, from: number, to: number): { slot: number; weight: number } {
  const activity = local.activity(window);
  let best = 0;
  let weight = 0;
  for (let slot = 0; slot < local.slots; slot++) {
    let inside = 0;
    let all = 0;
    for (let frame = 0; frame < local.frames; frame++) {
      const a = activity[frame * local.slots + slot]!;
      all += a;
      if (frame >= from && frame < to) inside += a;
    }
    const score = all > 0 ? (inside * inside) / all : 0;
    if (score > weight) {
      weight = score;
      best = slot;
    }
  }
  return { slot: best, weight };
}
