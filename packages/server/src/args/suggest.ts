import { UsageError } from './usage-error.ts';

/** Most edits for which a word counts as a misspelling of another. */
const MOST_EDITS = 2;

/** The candidate that a mistyped word probably stands for, if one is similar enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let fewest = Math.min(MOST_EDITS, Math.floor(word.length / 2)) + 1;
  for (const candidate of candidates) {
    const isPrefix = word.length >= 3 && candidate.startsWith(word);
    const edits = isPrefix ? 1 : editDistance(word, candidate);
    if (edits < fewest) [best, fewest] = [candidate, edits];
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbors between two words (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length] ?? 0;
}

/**
 * A hint with the name that a mistyped word probably stands for.
 * @param otherwise The hint when no name is similar.
 * @param before Text before the name.
 */
export function didYouMean(
  word: string,
  names: readonly string[],
  otherwise?: string,
  before = '',
): string | undefined {
  const suggestion = nearest(word, names);
  return suggestion === undefined ? otherwise : `Did you mean ${before}${suggestion}?`;
}

export function unknownAction(command: string, action: string, actions: readonly string[]): UsageError {
  const received = action === '' ? `${command} needs one of` : `${command} has no action "${action}", expected one of`;
  return new UsageError(`${received} ${actions.join(', ')}`, didYouMean(action, actions, undefined, `${command} `));
}
