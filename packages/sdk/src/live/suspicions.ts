/**
 * Seconds for which every clustering must find two speakers to be one. Merging at once renames more than 2 % of what was
 * told, and after 50 s two-speaker calls have twice as many labels too many.
 */
const CONFIRM = 10;

/** Pairs of speakers that seem to be one: believed when it is seen again and again. */
export class Suspicions {
  /** Since when, in seconds. */
  #since = new Map<string, number>();

  /**
   * @param merged What the latest clustering found, `[from, into]`. @param now Seconds.
   * @returns The pairs of which all clusterings have said so for long enough.
   */
  confirmed(merged: readonly (readonly [number, number])[], now: number): (readonly [number, number])[] {
    const keyOf = ([from, into]: readonly [number, number]) => `${from} ${into}`;
    this.#since = new Map(merged.map((pair) => [keyOf(pair), this.#since.get(keyOf(pair)) ?? now]));
    return merged.filter((pair) => now - (this.#since.get(keyOf(pair)) ?? now) >= CONFIRM);
  }
}
