import { type Clustering, clusterSlots, estimateModels, refine } from './cluster-speakers.ts';
import { SLOTS_PER_STEP, type Slots, tabulateSteps, voiceOf } from './local-speaker-table.ts';
import type { LocalRecording } from './local-speakers.ts';
import { project, type Variances, type VoiceSpace } from './plda.ts';
import type { OffsetRules } from './recording-offset.ts';
import type { SolveSettings } from './settings.ts';
import type { Steps } from './steps.ts';

/**
 * Clusters with the embeddings of two networks, then assigns speakers to local speakers by the embeddings of their
 * windows alone: a piece of several seconds identifies a voice better, a window better tells which of two is speaking.
 * @param local Local speakers with window embeddings. @param other The same local speakers with piece embeddings.
 * @param settings For window embeddings. @param joined Voice space of the pieces, and clustering rules for both
 *   together.
 */
export function* clusterJoined(
  local: LocalRecording,
  other: LocalRecording,
  settings: SolveSettings,
  joined: Pick<SolveSettings, 'voices' | 'cluster'>,
  frame: number,
): Steps<Clustering> {
  const voices = joinedVariances(settings.voices, joined.voices);
  const offset = settings.offset && joinedOffset(settings.offset, settings.voices.to, voices.to);
  const both = { ...settings, cluster: joined.cluster, offset, voices };
  const own = yield* tabulateSteps(local, settings.voices, settings.activity.on, frame);
  const slots = yield* joinVectors(own, other, joined.voices);
  const refinement = {
    rounds: 1,
    settle: function* ({ speakerOf, speakers }: { readonly speakerOf: Int16Array; readonly speakers: number }) {
      return yield* refine(local, own, estimateModels(local, own, speakerOf, speakers, settings), settings, frame);
    },
  };
  return yield* clusterSlots(local, slots, both, frame, { refinement });
}

/** The table with each vector followed by that of the local speaker's other embedding. @param space Of the other ones. */
export function* joinVectors(slots: Slots, other: LocalRecording, space: VoiceSpace): Steps<Slots> {
  const to = slots.to + space.to;
  const rows = slots.window.length;
  const voices = new Float32Array(rows * to);
  for (let row = 0; row < rows; row++) {
    if (row % SLOTS_PER_STEP === 0) yield;
    voices.set(voiceOf(slots, row), row * to);
    const embedding = other.embedding(slots.window[row]!, slots.slot[row]!)!;
    project(space, embedding, voices.subarray(row * to + slots.to, (row + 1) * to));
  }
  return { ...slots, voices, to };
}

/** The offset along directions of a space whose `from` dimensions are the first of a joined space's `to`. */
export function joinedOffset({ directions, variance }: OffsetRules, from: number, to: number): OffsetRules {
  const joined = new Float32Array((directions.length / from) * to);
  for (let row = 0; row * from < directions.length; row++) {
    joined.set(directions.subarray(row * from, (row + 1) * from), row * to);
  }
  return { directions: joined, variance };
}

/** The space of the concatenated vectors of two voice spaces, in which their evidence adds up. */
export function joinedVariances(a: Variances, b: Variances): Variances {
  return { to: a.to + b.to, between: Float32Array.of(...a.between, ...b.between) };
}
