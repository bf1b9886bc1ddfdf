import { type Comparison, compareVoices, type Stretch, secondsOf, type VoiceRules, voiceOf } from './stretch.ts';

/** Minimum seconds of a turn for its speaker to be checked again. */
const LEAST_SECONDS = 0.5;
/** Minimum seconds of a speaker's other speech for a turn to be compared with it. */
const KNOWN_SECONDS = 1;
/** Factor on the evidence that joins two clusters, to attribute a new speaker's turn to an existing speaker. */
const NEW_SPEAKER_FACTOR = 2;

/**
 * Decides the speaker of a finished turn from all of its speech. The first second of the turn decided its speaker;
 * since then the turn itself has changed that speaker's voice model, right or wrong. So the turn is compared only with
 * the speakers' other speech.
 * @param own The turn's stretches. @param all All stretches. @param emitted The speaker emitted so far.
 * @returns The speaker, or undefined for a new one.
 */
export function turnSpeaker(
  own: readonly Stretch[],
  all: readonly Stretch[],
  emitted: number,
  rules: VoiceRules,
): number | undefined {
  if (secondsOf(own) < LEAST_SECONDS) return emitted;
  const voice = voiceOf(own, rules);
  const elsewhere = all.filter((stretch) => stretch.voice >= 0 && !own.includes(stretch));
  let isNew = true;
  let likeliest: (Comparison & { readonly speaker: number }) | undefined;
  for (const speaker of new Set(elsewhere.map((stretch) => stretch.voice))) {
    const stretches = elsewhere.filter((stretch) => stretch.voice === speaker);
    // The seed of a new speaker (`to` is 0) is not reliable enough.
    if (secondsOf(stretches.filter(({ to }) => to > 0)) < KNOWN_SECONDS) continue;
    isNew &&= speaker !== emitted;
    const comparison = compareVoices(voiceOf(stretches, rules), voice, rules);
    if (!likeliest || comparison.gain > likeliest.gain) likeliest = { ...comparison, speaker };
  }
  if (!likeliest || likeliest.differ) return isNew ? emitted : undefined;
  return isNew && likeliest.gain <= NEW_SPEAKER_FACTOR * rules.cluster.evidence ? emitted : likeliest.speaker;
}
