import { invalidOption } from 'voiceflow-ml/core';

/** Settings by path, such as `{ 'turns.onset': 0.7 }`. Those that begin with `gate.` are the segmenter's. */
type Choice = Readonly<Record<string, number>>;
type Grid = readonly (readonly [path: string, values: readonly number[]])[];

/**
 * Values to try, one setting at a time, in this order. The grid is coarse because the development sets are small, and a
 * finer one would overfit them. Settings that are not here did not change, or have reasons that these sets do not show
 * (`docs/accuracy-trials.md`: saturation and the least share of a speaker matter only for longer recordings than these).
 */
const CLUSTERING: Grid = [
  ['cluster.rate', [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]],
  ['cluster.trackRate', [1, 2, 3, 4]],
  ['cluster.evidence', [0, 2, 4, 6, 8]],
  ['tracks.similarity', [0.6, 0.7, 0.8]],
  ['tracks.evidence', [0, 3, 6]],
];
const WINDOWS: Grid = [
  ['activity.on', [0.2, 0.3, 0.4]],
  ['decode.trust', [0.1, 0.2, 0.4]],
  ['decode.continuity', [1, 1.5, 2.5]],
];
const GRIDS: Readonly<Record<string, Grid>> = {
  'fast-cnn': [
    ...CLUSTERING,
    ...WINDOWS,
    ['turns.onset', [0.6, 0.7, 0.8, 0.9]],
    ['turns.offset', [0.2, 0.3, 0.4, 0.6]],
    ['turns.shortestGap', [0.3, 0.5, 0.7]],
  ],
  gated: [
    ...CLUSTERING,
    ...WINDOWS,
    ['gate.speech', [0.2, 0.27, 0.35, 0.45]],
    ['gate.silence', [0.12, 0.16, 0.2, 0.27]],
    ['gate.onset', [0.5, 0.6, 0.7]],
    ['gate.offset', [0.3, 0.4, 0.5]],
    ['gate.fusion.speech', [0.2, 0.3, 0.5, 0.7]],
    ['gate.fusion.two', [0.35, 0.5, 0.65]],
    ['gate.shortestGap', [0.5, 0.7, 1]],
    ['gate.fusion.second', [0.3, 0.34, 0.38, 0.44]],
  ],
  recordings: [
    ...CLUSTERING,
    ['turns.count.speech', [0.35, 0.4, 0.45, 0.5]],
    ['turns.count.overlap', [0.4, 0.5, 0.6]],
    ['turns.pieces.weight', [0.5, 1, 2]],
    ['turns.pieces.trust', [0.2, 0.3, 0.5]],
    ['decode.trust', [0.2, 0.3, 0.5]],
    ['decode.continuity', [0.5, 1, 2]],
  ],
};

/** Smallest gain for which a setting is changed; smaller ones may be chance. */
const LEAST_GAIN = 0.1;
/** Cost of one speaker too many or too few, in points of DER. */
const COUNT_COST = 1;

export interface SetScore {
  readonly set: string;
  /** DER in percent, of whole recordings or of live sessions. */
  readonly der: number;
  /** Mean of |found − true number of speakers|. */
  readonly countError: number;
}

/** Mean over the sets, which have equal weight. */
function cost(scores: readonly SetScore[]): number {
  return scores.reduce((sum, { der, countError }) => sum + der + COUNT_COST * countError, 0) / scores.length;
}

/** The settings to search. @throws `invalid-option` for a pipeline without any. */
export function gridOf(pipeline: string, gated: boolean): Grid {
  const grid = GRIDS[pipeline === 'fast-cnn' && gated ? 'gated' : pipeline];
  if (grid) return grid;
  throw invalidOption(`the pipeline ${pipeline} has no settings that are searched`);
}

/**
 * Tries the draws, then does two rounds of coordinate search over the grid from the best draw.
 * @param at The current value of a setting.
 * @param draws Random points of the grid.
 * @returns The settings that change.
 */
export async function search(
  grid: Grid,
  at: (path: string) => number,
  evaluate: (choice: Choice) => Promise<readonly SetScore[]>,
  draws: readonly Choice[],
  log: (line: string) => void,
): Promise<Choice> {
  let best: Choice = {};
  let least = Number.POSITIVE_INFINITY;
  const attempt = async (choice: Choice, gain: number, what: string) => {
    if (!isOrdered(choice, at)) return;
    const scores = await evaluate(choice);
    const found = cost(scores);
    if (found > least - gain) return;
    least = found;
    best = choice;
    log(`${what}: ${found.toFixed(2)} (${scores.map(({ set, der }) => `${set} ${der.toFixed(1)}`).join(', ')})`);
  };
  await attempt({}, 0, 'as it is');
  for (const choice of draws) await attempt(choice, LEAST_GAIN, JSON.stringify(choice));
  for (const round of [1, 2]) {
    for (const [path, values] of grid) {
      const standing = best;
      const now = standing[path] ?? at(path);
      for (const value of values) {
        if (value !== now)
          await attempt({ ...standing, [path]: value }, LEAST_GAIN, `round ${round}, ${path} = ${value}`);
      }
    }
  }
  return best;
}

/**
 * Random points of the grid: each setting keeps its value or takes one of the grid's values, with equal probability.
 */
export function drawsOf(grid: Grid, count: number, random: () => number): Choice[] {
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      grid.flatMap(([path, values]) =>
        random() < 0.5 ? [] : [[path, values[Math.floor(random() * values.length)] as number]],
      ),
    ),
  );
}

/** Whether no offset is above its onset, which the pipelines would refuse. */
function isOrdered(choice: Choice, at: (path: string) => number): boolean {
  return ['turns', 'gate'].every((name) => {
    const [on, off] = [`${name}.onset`, `${name}.offset`].map((path) => choice[path] ?? at(path)) as [number, number];
    return !(off > on);
  });
}
