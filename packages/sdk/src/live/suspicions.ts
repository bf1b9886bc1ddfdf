/**
 * Seconds for which every clustering must find two speakers to be one. A label that stays wrong for a while is less
 * trouble than labels that change: merging at once gains 0.3 points of DER and renames twice as much speech.
 */
const CONFIRM = 50;

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
