import { type Clustering, clusterSpeakers, estimateModels, refine } from './cluster-speakers.ts';
import { tabulateSteps } from './local-speaker-table.ts';
import type { LocalRecording } from './local-speakers.ts';
import { joinedVoices } from './piece-speakers.ts';
import type { VoiceSpace } from './plda.ts';
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
export function clusterJoined(
  local: LocalRecording,
  other: LocalRecording,
  settings: SolveSettings,
  joined: Pick<SolveSettings, 'voices' | 'cluster'>,
  frame: number,
): Steps<Clustering> {
  const voices = joinedSpace(settings.voices, joined.voices);
  const offset = settings.offset && joinedOffset(settings.offset, settings.voices.to, voices.to);
  const both = { ...settings, cluster: joined.cluster, offset, voices };
  return clusterSpeakers(joinedVoices(local, other), both, frame, {
    rounds: 1,
    settle: function* ({ speakerOf, speakers }) {
      const slots = yield* tabulateSteps(local, settings.voices, settings.activity.on, frame);
      return yield* refine(local, slots, estimateModels(local, slots, speakerOf, speakers, settings), settings, frame);
    },
  });
}

/** The offset along directions of a space whose `from` dimensions are the first of a joined space's `to`. */
export function joinedOffset({ directions, variance }: OffsetRules, from: number, to: number): OffsetRules {
  const joined = new Float32Array((directions.length / from) * to);
  for (let row = 0; row * from < directions.length; row++) {
    joined.set(directions.subarray(row * from, (row + 1) * from), row * to);
  }
  return { directions: joined, variance };
}

/** The voice space of the concatenated embeddings of two networks, in which their evidence adds up. */
export function joinedSpace(a: VoiceSpace, b: VoiceSpace): VoiceSpace {
  const [from, to] = [a.from + b.from, a.to + b.to];
  const projection = new Float32Array(from * to);
  const place = ({ projection: rows, ...space }: VoiceSpace, row: number, column: number) => {
    for (let j = 0; j < space.to; j++) {
      projection.set(rows.subarray(j * space.from, (j + 1) * space.from), (row + j) * from + column);
    }
  };
  place(a, 0, 0);
  place(b, a.to, a.from);
  const joined = (x: Float32Array, y: Float32Array) => Float32Array.of(...x, ...y);
  return { from, to, mean: joined(a.mean, b.mean), projection, between: joined(a.between, b.between) };
}
