import type { SpeakerBounds } from '../contract/options.ts';
import type { Warning } from '../contract/warnings.ts';
import type { Steps } from '../stages/steps.ts';

/** How many clusters beyond the wanted number are tried before a count is given up: clusters without a turn are rare. */
const MOST_EXTRA = 8;

/** One way to part a recording: who of its clusters has any turn. */
interface Attempt {
  readonly speakers: readonly number[];
}

/**
 * How many speakers there are. The number that is found without asking stands when it is within the bounds; else the
 * nearest bound is aimed at. So asking for what was found changes nothing, and neither does a bound that does not bind.
 * @param free What is found without asking. @param most Clusters that there can be.
 * @param attempt Parts the recording into so many clusters, of which some may have no turn in the end.
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
  for (let count = wanted; off(best) > 0 && count <= Math.min(most, wanted + MOST_EXTRA); count++) {
    const candidate = yield* attempt(count);
    if (off(candidate) < off(best)) best = candidate;
  }
  return best;
}

/** What a result of `found` speakers has to say of their number. */
export function countWarnings(found: number, bounds: SpeakerBounds): Warning[] {
  const warnings: Warning[] = [];
  if (found === 0) warnings.push({ code: 'audio-silent', message: 'no speech was found' });
  if (found < bounds.least && bounds.least > 1) {
    const asked = bounds.least === bounds.most ? `${bounds.least}` : `at least ${bounds.least}`;
    warnings.push({
      code: 'speaker-count-unreached',
      message: `${asked} speakers were asked for, but only ${found} could be told apart`,
    });
  }
  return warnings;
}
