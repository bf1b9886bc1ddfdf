import { compareTurns, type Turn } from '../contract/segment.ts';

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
