import type { SpeakerBounds } from '../contract/options.ts';
import type { Warning } from '../contract/warnings.ts';
import type { Steps } from '../stages/steps.ts';

/** How many more clusters than the wanted number are tried, since some clusters may end up without a turn. */
const MOST_EXTRA = 8;

/** A partition of a recording: the clusters that have at least one turn. */
interface Attempt {
  readonly speakers: readonly number[];
}

/**
 * Chooses the number of speakers. The number found without bounds is kept if it is within them; otherwise the nearest
 * bound is the target. So requesting the number that was found changes nothing, and neither does a bound that does not
 * bind.
 * @param free Partition found without bounds. @param most Maximum number of clusters.
 * @param attempt Partitions the recording into a number of clusters, some of which may end up without a turn.
 */
export function* chooseSpeakerCount<T extends Attempt>(
  free: T,
  { least, most: bound }: SpeakerBounds,
  most: number,
  attempt: (clusters: number) => Steps<T>,
): Steps<T> {
  const found = free.speakers.length;
  const wanted = Math.min(Math.max(found, least), bound);
  if (found === 0) return free;
  let best = free;
  const off = ({ speakers }: Attempt) => Math.abs(speakers.length - wanted) + (speakers.length > bound ? 1000 : 0);
  for (let count = Math.min(wanted, most); off(best) > 0 && count <= Math.min(most, wanted + MOST_EXTRA); count++) {
    const candidate = yield* attempt(count);
    if (off(candidate) < off(best)) best = candidate;
  }
  return best;
}

/** Warnings about the number of speakers found. */
export function countWarnings(found: number, bounds: SpeakerBounds): Warning[] {
  const warnings: Warning[] = [];
  if (found === 0) warnings.push({ code: 'audio-silent', message: 'no speech was found' });
  if (found < bounds.least && bounds.least > 1) {
    const requested = bounds.least === bounds.most ? `${bounds.least}` : `at least ${bounds.least}`;
    warnings.push({
      code: 'speaker-count-unreached',
      message: `${requested} speakers were requested, but only ${found} could be distinguished`,
    });
  }
  return warnings;
}
