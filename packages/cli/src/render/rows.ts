import type { Segment, Turn } from 'voiceflow-ml/core';

/** One speaker's line in a timeline. */
export interface TimelineRow {
  readonly label: string;
  /** Whether the row shows the reference or the result. */
  readonly role: 'reference' | 'found';
  /** Index of the color. A found speaker has the color of the reference speaker that it was matched with. */
  readonly hue: number;
  readonly segments: readonly Segment[];
  /** Speaking time in seconds. */
  readonly seconds: number;
}

export interface Timeline {
  readonly rows: readonly TimelineRow[];
  /** Seconds. */
  readonly duration: number;
  /** Where the result differs from the reference; empty without a reference. */
  readonly differences: readonly Segment[];
}

export interface TimelineOptions {
  /** Length of the recording in seconds; default: the end of the last turn. */
  readonly duration?: number;
  /** Names to show instead of labels. */
  readonly names?: ReadonlyMap<string, string>;
  /** The reference turns, drawn above those of the result. */
  readonly reference?: readonly Turn[];
  /** Maps each found label to the reference label that scoring matched it with. */
  readonly mapping?: ReadonlyMap<string, string>;
}

/**
 * Arranges turns as rows, in order of first appearance. With a reference, each reference speaker is followed by the
 * found speaker matched with it, and unmatched found speakers come last.
 */
export function arrangeTimeline(turns: readonly Turn[], options: TimelineOptions = {}): Timeline {
  const { reference = [], mapping = new Map<string, string>(), names } = options;
  const referenceSpeakers = bySpeaker(reference);
  const found = bySpeaker(turns);
  const rows: TimelineRow[] = [];
  let hue = 0;
  const add = (label: string, role: TimelineRow['role'], segments: readonly Segment[], color: number) => {
    const seconds = segments.reduce((sum, { start, end }) => sum + end - start, 0);
    rows.push({ label: role === 'found' ? (names?.get(label) ?? label) : label, role, hue: color, segments, seconds });
  };
  for (const [label, segments] of referenceSpeakers) {
    add(label, 'reference', segments, hue);
    for (const [other, own] of found) if (mapping.get(other) === label) add(other, 'found', own, hue);
    hue++;
  }
  for (const [label, segments] of found) {
    const matched = mapping.get(label);
    if (matched === undefined || !referenceSpeakers.has(matched)) add(label, 'found', segments, hue++);
  }
  const last = [...turns, ...reference].reduce((max, { end }) => Math.max(max, end), 0);
  return {
    rows,
    duration: Math.max(options.duration ?? 0, last),
    differences: reference.length === 0 ? [] : findDifferences(reference, turns, mapping),
  };
}

function bySpeaker(turns: readonly Turn[]): Map<string, Segment[]> {
  const speakers = new Map<string, Segment[]>();
  for (const turn of [...turns].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (!(turn.end > turn.start)) continue;
    const own = speakers.get(turn.speaker);
    if (own) own.push(turn);
    else speakers.set(turn.speaker, [turn]);
  }
  return speakers;
}

/** Where the sets of active speakers differ after the labels are matched. */
function findDifferences(reference: readonly Turn[], turns: readonly Turn[], mapping: ReadonlyMap<string, string>) {
  const referenceSpeakers = bySpeaker(reference);
  const events: { time: number; speaker: string; side: TimelineRow['role']; by: 1 | -1 }[] = [];
  const add = ({ start, end }: Turn, speaker: string, side: TimelineRow['role']) => {
    events.push({ time: start, speaker, side, by: 1 }, { time: end, speaker, side, by: -1 });
  };
  for (const turn of reference) add(turn, turn.speaker, 'reference');
  for (const turn of turns) {
    const matched = mapping.get(turn.speaker);
    add(turn, matched !== undefined && referenceSpeakers.has(matched) ? matched : `\u0000${turn.speaker}`, 'found');
  }
  events.sort((a, b) => a.time - b.time);
  const counts = new Map<string, { reference: number; found: number }>();
  const wrong = new Set<string>();
  const differences: Segment[] = [];
  let since = 0;
  for (const { time, speaker, side, by } of events) {
    if (wrong.size > 0 && time > since) {
      const last = differences[differences.length - 1];
      if (last?.end === since) differences[differences.length - 1] = { start: last.start, end: time };
      else differences.push({ start: since, end: time });
    }
    since = time;
    const count = counts.get(speaker) ?? { reference: 0, found: 0 };
    count[side] += by;
    counts.set(speaker, count);
    if (count.reference > 0 === count.found > 0) wrong.delete(speaker);
    else wrong.add(speaker);
  }
  return differences;
}
