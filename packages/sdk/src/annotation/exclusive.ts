import { compareTurns, type Turn } from '../contract/segment.ts';

/**
 * One speaker at a time. Where turns overlap, one of them holds the floor for as long as both last: the one with the
 * higher confidence (absent counts as 0), else the one that began earlier, else the longer one, else the first label.
 * What the other loses is cut off, or cut out of its middle. Pieces of one speaker that touch become one turn, with the
 * mean confidence by time. Silence stays silence. O(n log n).
 *
 * @returns In order of start, not overlapping.
 */
export function exclusiveTurns(turns: readonly Turn[]): Turn[] {
  const sorted = turns.filter((turn) => turn.end > turn.start).sort(compareTurns);
  const times = [...new Set(sorted.flatMap((turn) => [turn.start, turn.end]))].sort((a, b) => a - b);
  const floor = new Heap(precedes);
  const pieces: Turn[] = [];
  let holder: Turn | undefined;
  let since = 0;
  let next = 0;
  for (const time of times) {
    for (let turn = sorted[next]; turn !== undefined && turn.start <= time; turn = sorted[++next]) floor.push(turn);
    while ((floor.top?.end ?? Number.POSITIVE_INFINITY) <= time) floor.pop();
    if (floor.top === holder) continue;
    if (holder !== undefined) pieces.push({ ...holder, start: since, end: time });
    holder = floor.top;
    since = time;
  }
  return mergeTurns(pieces);
}

/**
 * Joins neighbours in a list of turns where the speaker stays the same and the pause is at most `maxGap` seconds.
 * @param turns In order of start. Turns of other speakers in between part a pair: pass one speaker's turns to avoid it.
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

/** One turn over all of one speaker's; confidence is the mean by time, where all have one. */
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
  // Rounding may carry the mean of ones past one.
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
