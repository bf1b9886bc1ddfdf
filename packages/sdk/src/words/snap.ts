import type { Segment } from '../contract/segment.ts';

/** Seconds of speech that a change of speaker moves at most: what word times of recognisers are off by. */
const REACH = 1;

/**
 * A sentence that two speakers share, one after the other, goes to the one of them who says nearly all of it: the change
 * moves to its nearer end, if that is within reach. The other must be speaking beyond that end, so nobody's only words
 * are taken; and sentences of more than one change, as with an interjection, stay.
 *
 * @param speakers One a word, in order; changed in place.
 * @param ends Whether a sentence ends with the word.
 * @param times Of the words.
 */
export function snapToSentences(
  speakers: string[],
  ends: readonly boolean[],
  times: readonly (Segment | undefined)[],
): void {
  const seconds = (first: number, last: number) => (times[last]?.end ?? 0) - (times[first]?.start ?? 0);
  for (let first = 0, last = 0; first < speakers.length; first = last + 1) {
    last = first;
    while (last < speakers.length - 1 && !ends[last]) last++;
    const [before, after] = [speakers[first]!, speakers[last]!];
    if (before === after) continue;
    let change = first;
    while (speakers[change] === before) change++;
    let end = change;
    while (end <= last && speakers[end] === after) end++;
    if (end <= last) continue;
    const start = speakers[first - 1] === before ? seconds(first, change - 1) : Number.POSITIVE_INFINITY;
    const rest = speakers[last + 1] === after ? seconds(change, last) : Number.POSITIVE_INFINITY;
    if (Math.min(start, rest) > REACH) continue;
    if (start <= rest) speakers.fill(after, first, change);
    else speakers.fill(before, change, last + 1);
  }
}
