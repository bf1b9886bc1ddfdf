import { likeness, type Stretch, secondsOf, type VoiceRules, voiceOf } from './stretch.ts';

/** Seconds of a turn from which on it is looked at again. */
const LEAST_SECONDS = 0.5;
/** Seconds that a speaker must have said elsewhere for a turn to be compared with. */
const KNOWN_SECONDS = 1;
/** Times the evidence that joins two clusters: what it takes to find that somebody new was somebody known. */
const SURELY = 2;

/**
 * Whose a turn is by all that was heard of it. It was given to a speaker by its first second; since then it has taught
 * that speaker its own voice, right or wrong. So it is compared with what speakers have said elsewhere.
 * @param said The turn's stretches. @param all Those of everybody. @param told The speaker that it was given to.
 * @returns Undefined for somebody who was not heard before.
 */
export function whoSaid(
  said: readonly Stretch[],
  all: readonly Stretch[],
  told: number,
  rules: VoiceRules,
): number | undefined {
  if (secondsOf(said) < LEAST_SECONDS) return told;
  const heard = voiceOf(said, rules);
  const known = saidElsewhere(said, all)
    .map(({ speaker, stretches }) => ({ speaker, ...likeness(voiceOf(stretches, rules), heard, rules) }))
    .sort((a, b) => b.gain - a.gain || a.speaker - b.speaker);
  const [likeliest] = known;
  const isNew = !known.some(({ speaker }) => speaker === told);
  if (!likeliest || likeliest.differ) return isNew ? told : undefined;
  return isNew && likeliest.gain <= SURELY * rules.cluster.evidence ? told : likeliest.speaker;
}

/** Of each speaker that has said enough outside of a turn what that is; a new speaker's first words are no more than a guess. */
function saidElsewhere(said: readonly Stretch[], all: readonly Stretch[]) {
  const own = new Set(said);
  const speakers = new Map<number, Stretch[]>();
  for (const stretch of all) {
    if (stretch.voice < 0 || own.has(stretch)) continue;
    speakers.set(stretch.voice, [...(speakers.get(stretch.voice) ?? []), stretch]);
  }
  return [...speakers]
    .filter(([, stretches]) => secondsOf(stretches.filter(({ to }) => to > 0)) >= KNOWN_SECONDS)
    .map(([speaker, stretches]) => ({ speaker, stretches }));
}
