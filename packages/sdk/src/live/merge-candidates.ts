/**
 * Seconds for which every re-clustering must join two speakers before they are merged. Merging at once renames more
 * than 2 % of the emitted speech; waiting for 50 s doubles the number of excess labels in two-speaker calls.
 */
const CONFIRM = 10;

/** Pairs of speakers that seem to be one. A pair is confirmed once all re-clusterings have found it for long enough. */
export class MergeCandidates {
  /** Time in seconds at which each pair was first found. */
  #since = new Map<string, number>();

  /**
   * @param merged Pairs found by the latest re-clustering, `[from, into]`. @param now Seconds.
   * @returns The confirmed pairs.
   */
  confirmed(merged: readonly (readonly [number, number])[], now: number): (readonly [number, number])[] {
    const keyOf = ([from, into]: readonly [number, number]) => `${from} ${into}`;
    this.#since = new Map(merged.map((pair) => [keyOf(pair), this.#since.get(keyOf(pair)) ?? now]));
    return merged.filter((pair) => now - (this.#since.get(keyOf(pair)) ?? now) >= CONFIRM);
  }
}
