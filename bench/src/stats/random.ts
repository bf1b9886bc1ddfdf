/** A stream of numbers in [0, 1), such as `seededRandom` of `voiceflow-ml/testing`. */
export type Random = () => number;

/** A normally distributed number with mean 0 and standard deviation 1 (Box–Muller). */
export function gaussian(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** `count` samples of quiet noise in (-0.1, 0.1): audio whose content does not matter. */
export function noise(count: number, random: Random): Float32Array {
  const samples = new Float32Array(count);
  for (let i = 0; i < count; i++) samples[i] = (random() - 0.5) * 0.2;
  return samples;
}
