import { nearest } from '@voiceflow-ml/server/args';

/** A hint with the name that a mistyped word probably stands for; without one, `otherwise`. */
export function didYouMean(word: string, names: readonly string[], otherwise?: string): string | undefined {
  const suggestion = nearest(word, names);
  return suggestion === undefined ? otherwise : `Did you mean ${suggestion}?`;
}
