import type { Turn } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { seededRandom } from 'voiceflow-ml/testing';
import { gaussian } from './stats/random.ts';

/** Who speaks in a made-up recording. */
export interface Script {
  readonly hours: number;
  /** Voices there are; each turn is of one of them. */
  readonly voices: number;
  /** Seconds of a turn. */
  readonly turn: number;
  readonly seed: number;
}

const FRAMES = 50;
const SLOTS = 2;
const HOP = 12;
const FRAME = 0.02;

/**
 * What a network would say of a recording of hours, made without audio: voices drawn from the voice space (variance
 * `between`), each window's embedding of its main voice with noise of variance 1 round it.
 */
export function madeUpRecording(between: readonly number[], { hours, voices, turn, seed }: Script) {
  const next = seededRandom(seed);
  const normal = () => gaussian(next);
  const centers = Array.from({ length: voices }, () => Float32Array.from(between, (phi) => Math.sqrt(phi) * normal()));
  const seconds = hours * 3600;
  const turns: (Turn & { readonly voice: number })[] = [];
  for (let at = 0; at < seconds; ) {
    const voice = Math.floor(next() * voices);
    const end = Math.min(seconds, at + turn * (0.7 + 0.6 * next()));
    turns.push({ start: at, end, speaker: String(voice), voice });
    at = end + (next() < 0.3 ? 0.6 : 0);
  }
  const shape = { frames: FRAMES, slots: SLOTS, dimensions: between.length, hop: HOP };
  const local = new pipeline.LocalSpeakers(shape, { above: 0.2, frames: 8 });
  const activity = new Float32Array(FRAMES * SLOTS);
  const embeddings = new Float32Array(SLOTS * between.length);
  let first = 0;
  for (let start = 0; start + FRAMES * FRAME <= seconds; start += HOP * FRAME) {
    activity.fill(0.02);
    embeddings.fill(0);
    while ((turns[first]?.end ?? Number.POSITIVE_INFINITY) <= start) first++;
    const heard = new Map<number, number>();
    for (let i = first; i < turns.length && (turns[i]?.start ?? 0) < start + FRAMES * FRAME; i++) {
      const { voice = 0, start: from = 0, end = 0 } = turns[i] ?? {};
      if (!heard.has(voice) && heard.size === SLOTS) continue;
      const slot = heard.get(voice) ?? heard.size;
      heard.set(voice, slot);
      const last = Math.min(FRAMES, Math.round((end - start) / FRAME));
      for (let t = Math.max(0, Math.round((from - start) / FRAME)); t < last; t++) activity[t * SLOTS + slot] = 0.97;
    }
    for (const [voice, slot] of heard) {
      const center = centers[voice]!;
      embeddings.set(
        center.map((x) => x + normal()),
        slot * between.length,
      );
    }
    local.add(activity, embeddings);
  }
  return { local, turns: turns as readonly Turn[], duration: seconds, frame: FRAME, hop: HOP };
}

/** Settings whose voice space is that of the made-up voices: no projection. */
export function plainSpace(settings: pipeline.FastCnnSettings): pipeline.FastCnnSettings {
  const to = settings.voices.between.length;
  const projection = new Float32Array(to * to);
  for (let i = 0; i < to; i++) projection[i * to + i] = 1;
  return { ...settings, voices: { ...settings.voices, from: to, mean: new Float32Array(to), projection } };
}
