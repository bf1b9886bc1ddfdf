import { type Clustering, clusterSpeakers, learn, refine } from './cluster-speakers.ts';
import { tabulateSteps } from './local-speaker-table.ts';
import type { LocalRecording } from './local-speakers.ts';
import { joinedVoices } from './piece-speakers.ts';
import type { VoiceSpace } from './plda.ts';
import type { SolveSettings } from './settings.ts';
import type { Steps } from './steps.ts';

/**
 * Clusters by two networks' voices, then names every local speaker by its own window's alone: a piece of some seconds tells
 * better whose voice it is, and a window which of two is speaking.
 * @param local With the windows' voices. @param other The same local speakers with the pieces' voices.
 * @param settings For the windows' voices. @param joined The pieces' voices, and how both together are clustered.
 */
export function clusterJoined(
  local: LocalRecording,
  other: LocalRecording,
  settings: SolveSettings,
  joined: Pick<SolveSettings, 'voices' | 'cluster'>,
  frame: number,
): Steps<Clustering> {
  const voices = joinedSpace(settings.voices, joined.voices);
  const both = { ...settings, cluster: joined.cluster, voices };
  return clusterSpeakers(joinedVoices(local, other), both, frame, {
    rounds: 1,
    settle: function* ({ speakerOf, speakers }) {
      const slots = yield* tabulateSteps(local, settings.voices, settings.activity.on, frame);
      return yield* refine(local, slots, learn(local, slots, speakerOf, speakers, settings), settings, frame);
    },
  });
}

/** The space of voices of two networks, one after the other: evidence of both adds up. */
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
