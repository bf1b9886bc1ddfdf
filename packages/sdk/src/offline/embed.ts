import type { AudioSource } from '../contract/audio.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { FastCnn } from '../inference/network.ts';
import type { LocalSpeakers } from '../stages/local-speakers.ts';
import { accumulate, dot, normalise } from '../stages/vectors.ts';
import { analyse } from './analyse.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * One unit vector for each segment: the embeddings of the windows' main voice inside it, weighted by its activity, less
 * the mean of all voices.
 * @throws `invalid-audio` when a segment holds no speech.
 */
export async function embedSegments(
  cnn: FastCnn,
  source: AudioSource,
  segments: readonly Span[] | undefined,
  signal?: AbortSignal,
): Promise<Float32Array[]> {
  // Whoever names a segment says that somebody speaks there.
  const { gate: _, ...ungated } = cnn;
  const { local, duration } = await analyse(ungated, source, signal ? { signal } : {});
  const spans = segments ?? [{ start: 0, end: duration }];
  return spans.map((span) => voiceOf(cnn, local, span, duration));
}

function voiceOf(cnn: FastCnn, local: LocalSpeakers, span: Span, duration: number): Float32Array {
  const from = Math.round(span.start / cnn.frame);
  const to = Math.round(Math.min(span.end, duration) / cnn.frame);
  const sum = new Float32Array(local.dimensions);
  for (let window = 0; window < local.windows; window++) {
    const first = window * local.hop;
    if (first + local.frames <= from || first >= to) continue;
    const { slot, weight } = mainSlot(local, window, Math.max(0, from - first), Math.min(local.frames, to - first));
    const embedding = local.embedding(window, slot);
    if (!embedding || weight === 0) continue;
    accumulate(sum, embedding, weight);
    accumulate(sum, cnn.settings.voices.mean, -weight);
  }
  if (dot(sum, sum) > 0) return normalise(sum);
  throw new VoiceFlowError(
    'invalid-audio',
    `no speech between ${span.start} s and ${span.end} s to take a voice from`,
    {
      hint: 'choose a stretch in which somebody speaks',
    },
  );
}

/** The slot that speaks most in the frames `[from, to)`; its weight counts what it says elsewhere against it. */
function mainSlot(local: LocalSpeakers, window: number, from: number, to: number): { slot: number; weight: number } {
  const activity = local.activity(window);
  let best = 0;
  let weight = 0;
  for (let slot = 0; slot < local.slots; slot++) {
    let inside = 0;
    let all = 0;
    for (let frame = 0; frame < local.frames; frame++) {
      const a = activity[frame * local.slots + slot] as number;
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
