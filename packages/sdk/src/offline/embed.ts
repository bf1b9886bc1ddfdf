import { VoiceFlowError } from '../contract/errors.ts';
import type { LocalRecording } from '../stages/local-speakers.ts';
import type { VoiceSpace } from '../stages/plda.ts';
import { accumulate, dot, normalize } from '../stages/vectors.ts';

/** The mean of all embeddings, and seconds per frame. */
interface EmbedContext {
  readonly settings: { readonly voices: Pick<VoiceSpace, 'mean'> };
  readonly frame: number;
}

type Recording = Pick<
  LocalRecording,
  'windows' | 'frames' | 'slots' | 'dimensions' | 'startOf' | 'activity' | 'embedding'
>;

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Returns one unit vector for each span, or one for the whole recording: the mean of the embeddings of each window's
 * main local speaker in the span, weighted by its activity, minus the mean of all embeddings.
 * @throws `invalid-audio` when a segment holds no speech.
 */
export function embedSpans(
  context: EmbedContext,
  local: Recording,
  segments: readonly Span[] | undefined,
  duration: number,
): Float32Array[] {
  const spans = segments ?? [{ start: 0, end: duration }];
  return spans.map((span) => voiceOf(context, local, span, duration));
}

function voiceOf(cnn: EmbedContext, local: Recording, span: Span, duration: number): Float32Array {
  const from = Math.round(span.start / cnn.frame);
  const to = Math.round(Math.min(span.end, duration) / cnn.frame);
  const sum = new Float32Array(local.dimensions);
  for (let window = 0; window < local.windows; window++) {
    const first = local.startOf(window);
    if (first + local.frames <= from || first >= to) continue;
    const { slot, weight } = mainSlot(local, window, Math.max(0, from - first), Math.min(local.frames, to - first));
    const embedding = local.embedding(window, slot);
    if (!embedding || weight === 0) continue;
    accumulate(sum, embedding, weight);
    accumulate(sum, cnn.settings.voices.mean, -weight);
  }
  if (dot(sum, sum) > 0) return normalize(sum);
  throw new VoiceFlowError(
    'invalid-audio',
    `no speech between ${span.start} s and ${span.end} s to compute an embedding from`,
    {
      hint: 'choose a segment with speech',
    },
  );
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
