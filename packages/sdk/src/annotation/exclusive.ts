import { compareTurns, type Turn } from '../contract/segment.ts';

/**
 * Turns without overlap (one speaker at a time). Where turns overlap, one of them is kept for the whole overlap: the
 * one with the higher confidence (absent counts as 0), else the one that began earlier, else the longer one, else the
 * first label. The overlap is cut off the other turn, or out of its middle. Touching parts of one speaker become one
 * turn, with the time-weighted mean confidence. O(n log n).
 *
 * @returns Turns in order of start, without overlap.
 */
export function exclusiveTurns(turns: readonly Turn[]): Turn[] {
  const sorted = turns.filter((turn) => turn.end > turn.start).sort(compareTurns);
  const times = [...new Set(sorted.flatMap((turn) => [turn.start, turn.end]))].sort((a, b) => a - b);
  const active = new Heap(precedes);
  const pieces: Turn[] = [];
  let current: Turn | undefined;
  let since = 0;
  let next = 0;
  for (const time of times) {
    for (let turn = sorted[next]; turn !== undefined && turn.start <= time; turn = sorted[++next]) active.push(turn);
    while ((active.top?.end ?? Number.POSITIVE_INFINITY) <= time) active.pop();
    if (active.top === current) continue;
    if (current !== undefined) pieces.push({ ...current, start: since, end: time });
    current = active.top;
    since = time;
  }
  return mergeTurns(pieces);
}

/**
 * Joins adjacent turns of a list if they have the same speaker and the pause is at most `maxGap` seconds.
 * @param turns In order of start. A turn of another speaker in between prevents joining; pass one speaker's turns to
 *   avoid this.
 */
export function mergeTurns(turns: readonly Turn[], maxGap = 0): Turn[] {
  const result: Turn[] = [];
  let group: Turn[] = [];
  let end = Number.NEGATIVE_INFINITY;
  for (const turn of turns) {
    if (group.length > 0 && (turn.speaker !== group[0]?.speaker || turn.start - end > maxGap)) {
      result.push(join(group));
      group = [];
      end = Number.NEGATIVE_INFINITY;
    }
    group.push(turn);
    end = Math.max(end, turn.end);
  }
  if (group.length > 0) result.push(join(group));
  return result;
}

/** Joins turns of one speaker. The confidence is the time-weighted mean, if all of them have one. */
function join(turns: readonly Turn[]): Turn {
  const first = turns[0]!;
  if (turns.length === 1) return first;
  let end = first.end;
  let seconds = 0;
  let sure = 0;
  for (const turn of turns) {
    end = Math.max(end, turn.end);
    seconds += turn.end - turn.start;
    sure += (turn.end - turn.start) * (turn.confidence ?? Number.NaN);
  }
  const { confidence: _, ...rest } = first;
  // Rounding errors may make the mean larger than 1.
  return Number.isNaN(sure) ? { ...rest, end } : { ...rest, end, confidence: Math.min(1, sure / seconds) };
}

function precedes(a: Turn, b: Turn): boolean {
  const byConfidence = (b.confidence ?? 0) - (a.confidence ?? 0);
  return (byConfidence || a.start - b.start || b.end - a.end || (a.speaker < b.speaker ? -1 : 1)) < 0;
}

/** A binary heap: `top` precedes all others. */
class Heap<T> {
  readonly #items: T[] = [];
  readonly #precedes: (a: T, b: T) => boolean;

  constructor(precedes: (a: T, b: T) => boolean) {
    this.#precedes = precedes;
  }

  get top(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#precedes(item, items[parent]!)) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  pop(): void {
    const items = this.#items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && this.#precedes(items[child + 1]!, items[child]!)) child++;
      if (!this.#precedes(items[child]!, last)) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = last;
  }
}

/** Sorts turns, and joins those of one speaker that touch or overlap. A joined turn keeps the first one's confidence. */
export function joinTurns(turns: readonly Turn[]): Turn[] {
  const last = new Map<string, number>();
  const joined: Turn[] = [];
  for (const turn of [...turns].sort(compareTurns)) {
    const at = last.get(turn.speaker) ?? -1;
    const before = joined[at];
    if (before && turn.start <= before.end) joined[at] = { ...before, end: Math.max(before.end, turn.end) };
    else last.set(turn.speaker, joined.push(turn) - 1);
  }
  return joined.sort(compareTurns);
}
