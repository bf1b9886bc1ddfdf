import * as pipeline from 'voiceflow-ml/stages';
import { seededRandom } from 'voiceflow-ml/testing';
import { gaussian } from './stats/random.ts';

/** The parameters of a synthetic recording. */
export interface Script {
  readonly hours: number;
  /** Number of voices. */
  readonly voices: number;
  /** Mean length of a turn in seconds. */
  readonly turn: number;
}

/** A turn, in frames of the recording's grid. */
interface SyntheticTurn {
  readonly start: number;
  readonly end: number;
  readonly voice: number;
}

/** Shape of a network's output for a window: frames, most local speakers, seconds per frame. */
interface Shape {
  readonly frames: number;
  readonly slots: number;
  readonly frame: number;
}

const FAST_CNN = { frames: 50, slots: 2, frame: 0.02, hop: 12 } as const;
/** Length in frames of the pause that follows three in ten turns. */
const PAUSE = 30;

/** Random turns. */
export function turnsOf({ hours, voices, turn }: Script, frame: number, random: () => number): SyntheticTurn[] {
  const turns: SyntheticTurn[] = [];
  const end = Math.floor((hours * 3600) / frame);
  for (let at = 0; at < end; ) {
    const next = Math.min(end, at + Math.round((turn * (0.7 + 0.6 * random())) / frame));
    turns.push({ start: at, end: next, voice: Math.floor(random() * voices) });
    at = next + (random() < 0.3 ? PAUSE : 0);
  }
  return turns;
}

/** Activity in each window: `active` is `[frames, slots]`; the first voices of a window get one slot each. */
export function* windowsOf(
  turns: readonly SyntheticTurn[],
  shape: Shape,
  hours: number,
  startOf: (window: number) => number,
) {
  const { frames, slots: most, frame } = shape;
  const count = Math.floor((hours * 3600) / frame / startOf(1)) - Math.ceil(frames / startOf(1));
  let first = 0;
  for (let window = 0; window < count; window++) {
    const start = startOf(window);
    const active = new Uint8Array(frames * most);
    const slots = new Map<number, number>();
    while ((turns[first]?.end ?? Number.POSITIVE_INFINITY) <= start) first++;
    for (let i = first; i < turns.length && turns[i]!.start < start + frames; i++) {
      const turn = turns[i]!;
      const slot = slots.get(turn.voice) ?? slots.size;
      if (slot >= most) continue;
      slots.set(turn.voice, slot);
      for (let t = Math.max(turn.start, start); t < Math.min(turn.end, start + frames); t++)
        active[(t - start) * most + slot] = 1;
    }
    yield { active, slots };
  }
}

/** Random voices with the given variance in each dimension. */
export function voicesOf(count: number, between: ArrayLike<number>, normal: () => number): Float32Array[] {
  return Array.from({ length: count }, () => Float32Array.from(between, (phi) => Math.sqrt(phi) * normal()));
}

/**
 * Synthetic outputs of the Fast CNN for a long recording: voices drawn from the voice space (variance `between`), and
 * for each window the embedding of a voice plus noise of variance 1.
 */
export function syntheticRecording(between: readonly number[], script: Script, seed: number) {
  const { frames, slots: most, frame, hop } = FAST_CNN;
  const random = seededRandom(seed);
  const normal = () => gaussian(random);
  const centers = voicesOf(script.voices, between, normal);
  const dimensions = between.length;
  const local = new pipeline.LocalSpeakers({ frames, slots: most, dimensions, hop }, { above: 0.2, frames: 8 });
  const turns = turnsOf(script, frame, random);
  for (const { active, slots } of windowsOf(turns, FAST_CNN, script.hours, (window) => window * hop)) {
    const embeddings = new Float32Array(most * dimensions);
    for (const [voice, slot] of slots) {
      const embedding = centers[voice]!.map((x) => x + normal());
      embeddings.set(embedding, slot * dimensions);
    }
    local.add(
      Float32Array.from(active, (on) => (on ? 0.97 : 0.02)),
      embeddings,
    );
  }
  return { local, duration: script.hours * 3600, frame };
}

/** Settings for synthetic voices, which need no projection. */
export function plainSpace<T extends Pick<pipeline.SolveSettings, 'voices'>>(settings: T): T {
  const to = settings.voices.between.length;
  const projection = new Float32Array(to * to);
  for (let i = 0; i < to; i++) projection[i * to + i] = 1;
  return { ...settings, voices: { ...settings.voices, from: to, mean: new Float32Array(to), projection } };
}
