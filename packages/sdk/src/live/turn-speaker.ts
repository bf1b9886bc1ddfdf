import { type Likeness, likeness, type Stretch, secondsOf, type VoiceRules, voiceOf } from './stretch.ts';

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
  const elsewhere = new Map<number, Stretch[]>();
  for (const stretch of all) {
    if (stretch.voice < 0 || said.includes(stretch)) continue;
    elsewhere.set(stretch.voice, [...(elsewhere.get(stretch.voice) ?? []), stretch]);
  }
  let isNew = true;
  let likeliest: (Likeness & { readonly speaker: number }) | undefined;
  for (const [speaker, stretches] of elsewhere) {
    // A new speaker's first words are no more than a guess.
    if (secondsOf(stretches.filter(({ to }) => to > 0)) < KNOWN_SECONDS) continue;
    isNew &&= speaker !== told;
    const alike = likeness(voiceOf(stretches, rules), heard, rules);
    if (!likeliest || alike.gain > likeliest.gain) likeliest = { ...alike, speaker };
  }
  if (!likeliest || likeliest.differ) return isNew ? told : undefined;
  return isNew && likeliest.gain <= SURELY * rules.cluster.evidence ? told : likeliest.speaker;
}
