import type { Segment } from '../contract/segment.ts';

/** Maximum seconds of speech by which a speaker change is moved: the typical error of recognizers' word times. */
const REACH = 1;

/**
 * Assigns a sentence with one speaker change to the speaker who has nearly all of it: the change is moved to the nearer
 * end of the sentence, if that is within `REACH`. The other speaker must also speak beyond that end, so that nobody
 * loses their only words. Sentences with more than one change, as with an interjection, are not changed.
 *
 * @param speakers Speaker of each word, in order; changed in place.
 * @param ends Whether a sentence ends with each word.
 * @param times Times of the words.
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
