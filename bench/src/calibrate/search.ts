import type { ModelManifest } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import * as pipeline from 'voiceflow-ml/stages';
import { withSettings } from '../settings.ts';
import { type Analyzed, refilter } from './windows.ts';

/** Settings by path, such as `{ 'turns.onset': 0.7 }`. */
export type Choice = Readonly<Record<string, number>>;

/**
 * Values tried, one setting at a time, in this order. Coarse on purpose: the development sets are small, and a finer
 * grid would fit their accidents. Settings that are not here did not move, or stand for reasons that these sets do not
 * show (`docs/accuracy.md`: saturation and the least share of a speaker are for recordings longer than any of them).
 */
const GRID: readonly (readonly [path: string, values: readonly number[]])[] = [
  ['activity.on', [0.2, 0.3, 0.4, 0.5]],
  ['tracks.similarity', [0.6, 0.7, 0.8]],
  ['turns.onset', [0.6, 0.7, 0.8, 0.9]],
  ['turns.offset', [0.2, 0.3, 0.4, 0.6]],
  ['cluster.rate', [0.6, 0.8, 1]],
  ['cluster.evidence', [2, 5, 8]],
  ['turns.shortestGap', [0.3, 0.5, 0.7]],
  ['decode.trust', [0.1, 0.2]],
  ['decode.continuity', [1.5, 2.5]],
];

/** A setting moves only for this much: less is within the accidents of the sets. */
const LEAST_GAIN = 0.1;
/** What one speaker too many or too few costs, in points of DER. */
const COUNT_COST = 1;

export interface SetScore {
  readonly set: string;
  readonly der: number;
  readonly countError: number;
}

/** DER and count error of the whole pipeline after the network, for each set. */
export function evaluate(manifest: ModelManifest, recordings: readonly Analyzed[]): SetScore[] {
  const settings = pipeline.fastCnnSettings(manifest);
  const sets = [...new Set(recordings.map(({ set }) => set))];
  return sets.map((set) => {
    const own = recordings.filter((recording) => recording.set === set);
    let countError = 0;
    const turns = own.map((recording) => {
      const solution = solveRecording(manifest, settings, recording);
      const speakers = new Set(recording.reference.map((turn) => turn.speaker)).size;
      countError += Math.abs(solution.speakers.length - speakers) / own.length;
      return { uri: recording.name, turns: solution.turns };
    });
    const references = own.map(({ name, reference }) => ({ uri: name, turns: reference }));
    return { set, der: scoreDiarization(references, turns).total.der ?? 0, countError };
  });
}

export function solveRecording(
  manifest: ModelManifest,
  settings: pipeline.FastCnnSettings,
  { local, duration }: Analyzed,
): pipeline.Solution {
  const frame = 1 / local.frames;
  const speaking = refilter(local, settings.activity.on, Math.max(1, Math.round(settings.activity.shortest / frame)));
  const bounds = { least: 1, most: 100 };
  return pipeline.solve({ manifest, settings, frame }, speaking, duration, { bounds, known: [] });
}

/** Mean over sets: each set counts the same, however long. */
export function cost(scores: readonly SetScore[]): number {
  return scores.reduce((sum, { der, countError }) => sum + der + COUNT_COST * countError, 0) / scores.length;
}

/** Coordinate search over `GRID`, twice through. */
export function search(
  manifest: ModelManifest,
  recordings: readonly Analyzed[],
  tell: (line: string) => void,
): ModelManifest {
  let best = manifest;
  const first = evaluate(best, recordings);
  let least = cost(first);
  tell(`start: ${least.toFixed(2)} (DER ${first.map(({ der }) => der.toFixed(1)).join(' · ')})`);
  for (const round of [1, 2]) {
    for (const [path, values] of GRID) {
      const standing = best;
      for (const value of values) {
        if (value === settingAt(standing, path)) continue;
        const candidate = withSettings(standing, { [path]: value });
        if (settingAt(candidate, 'turns.offset') > settingAt(candidate, 'turns.onset')) continue;
        const found = cost(evaluate(candidate, recordings));
        if (found > least - LEAST_GAIN) continue;
        least = found;
        best = candidate;
      }
      tell(`round ${round}, ${path} = ${settingAt(best, path)}: ${least.toFixed(2)}`);
    }
  }
  return best;
}

function settingAt(manifest: ModelManifest, path: string): number {
  let value: unknown = manifest.settings;
  for (const key of path.split('.')) value = (value as Record<string, unknown> | undefined)?.[key];
  return Number(value);
}
