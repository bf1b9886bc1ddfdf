import { type Likeness, likeness, type Stretch, secondsOf, type VoiceRules, voiceOf } from './stretch.ts';

/** Minimum seconds of a turn for its speaker to be checked again. */
const LEAST_SECONDS = 0.5;
/** Minimum seconds of a speaker's other speech for a turn to be compared with it. */
const KNOWN_SECONDS = 1;
/** Factor on the evidence that joins two clusters, to attribute a new speaker's turn to an existing speaker. */
const SURELY = 2;

/**
 * Decides the speaker of a finished turn from all of its speech. The first second of the turn decided its speaker;
 * since then the turn itself has changed that speaker's voice model, right or wrong. So the turn is compared only with
 * the speakers' other speech.
 * @param said The turn's stretches. @param all All stretches. @param told The speaker emitted so far.
 * @returns The speaker, or undefined for a new one.
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
    // The seed of a new speaker (`to` is 0) is not reliable enough.
    if (secondsOf(stretches.filter(({ to }) => to > 0)) < KNOWN_SECONDS) continue;
    isNew &&= speaker !== told;
    const alike = likeness(voiceOf(stretches, rules), heard, rules);
    if (!likeliest || alike.gain > likeliest.gain) likeliest = { ...alike, speaker };
  }
  if (!likeliest || likeliest.differ) return isNew ? told : undefined;
  return isNew && likeliest.gain <= SURELY * rules.cluster.evidence ? told : likeliest.speaker;
}
