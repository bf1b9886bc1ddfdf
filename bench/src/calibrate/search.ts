import { VoiceFlowError } from 'voiceflow-ml/core';

/** Settings by path, such as `{ 'turns.onset': 0.7 }`; those that begin with `gate.` are the segmenter's. */
export type Choice = Readonly<Record<string, number>>;
type Grid = readonly (readonly [path: string, values: readonly number[]])[];

/**
 * Values tried, one setting at a time, in this order. Coarse on purpose: the development sets are small, and a finer
 * grid would fit their accidents. Settings that are not here did not move, or stand for reasons that these sets do not
 * show (`docs/accuracy.md`: saturation and the least share of a speaker are for recordings longer than any of them).
 */
const CLUSTERING: Grid = [
  ['cluster.rate', [0.4, 0.5, 0.62, 0.75, 0.9]],
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
    ['gate.onset', [0.6, 0.7, 0.8]],
    ['gate.offset', [0.3, 0.4, 0.5]],
    ['gate.shortestGap', [0.5, 0.7, 1]],
    ['gate.overlap.two', [0.2, 0.25, 0.35, 0.5]],
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

/** A setting moves only for this much: less is within the accidents of the sets. */
const LEAST_GAIN = 0.1;
/** What one speaker too many or too few costs, in points of DER. */
const COUNT_COST = 1;

export interface SetScore {
  readonly set: string;
  /** Percent, of recordings as a whole or live. */
  readonly der: number;
  /** Mean of |speakers found − speakers there|. */
  readonly countError: number;
}

/** Mean over sets: each set counts the same, however long. */
function cost(scores: readonly SetScore[]): number {
  return scores.reduce((sum, { der, countError }) => sum + der + COUNT_COST * countError, 0) / scores.length;
}

/** Settings that are searched. @throws `invalid-option` for a pipeline that has none. */
export function gridOf(pipeline: string, gated: boolean): Grid {
  const grid = GRIDS[pipeline === 'fast-cnn' && gated ? 'gated' : pipeline];
  if (grid) return grid;
  throw new VoiceFlowError('invalid-option', `the pipeline ${pipeline} has no settings that are searched`);
}

/**
 * Draws, then a coordinate search over the grid, twice through, from the best of them.
 * @param at The value that a setting has now.
 * @param draws Random points of the grid that are tried first.
 * @returns What changes.
 */
export async function search(
  grid: Grid,
  at: (path: string) => number,
  evaluate: (choice: Choice) => Promise<readonly SetScore[]>,
  draws: readonly Choice[],
  tell: (line: string) => void,
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
    tell(`${what}: ${found.toFixed(2)} (${scores.map(({ set, der }) => `${set} ${der.toFixed(1)}`).join(', ')})`);
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

/** Random points of the grid: every setting keeps its value, or takes one of the grid's, by a toss. */
export function drawsOf(grid: Grid, count: number, random: () => number): Choice[] {
  return Array.from({ length: count }, () =>
    Object.fromEntries(
      grid.flatMap(([path, values]) =>
        random() < 0.5 ? [] : [[path, values[Math.floor(random() * values.length)] as number]],
      ),
    ),
  );
}

/** An offset above its onset is refused by the pipelines. */
function isOrdered(choice: Choice, at: (path: string) => number): boolean {
  return ['turns', 'gate'].every((name) => {
    const [on, off] = [`${name}.onset`, `${name}.offset`].map((path) => choice[path] ?? at(path)) as [number, number];
    return !(off > on);
  });
}
