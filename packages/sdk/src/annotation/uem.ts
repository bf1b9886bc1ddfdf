import { MAX_SECONDS, type Segment } from '../contract/segment.ts';
import { escapeName, unescapeName } from './names.ts';
import { badLine, linesOf, parseDecimal } from './text.ts';
import { roundToMillisecond } from './time.ts';
import { Timeline } from './timeline.ts';

/** UEM (un-partitioned evaluation map): which parts of each recording are scored. File id → parts. */
export type Uem = ReadonlyMap<string, Timeline>;

/** UEM: `file 1 start end`, seconds with three decimals. Names are escaped as in RTTM; empty parts are left out. */
export function toUem(uem: Uem | Iterable<readonly [string, Iterable<Segment>]>): string {
  let text = '';
  for (const [uri, segments] of uem) {
    for (const segment of segments) {
      const start = roundToMillisecond(segment.start);
      const end = roundToMillisecond(segment.end);
      if (end > start) text += `${escapeName(uri)} 1 ${start.toFixed(3)} ${end.toFixed(3)}\n`;
    }
  }
  return text;
}

/**
 * Reads UEM. Blank lines and comments (`;`, `#`) are skipped, the channel is not looked at, commas at the times are
 * forgiven as in md-eval. Parts of one file may touch or overlap: their union counts.
 *
 * @throws VoiceFlowError `invalid-option` with the line's number for fewer than four fields or bad times.
 */
export function parseUem(text: string): Map<string, Timeline> {
  const parts = new Map<string, Segment[]>();
  for (const [index, line] of linesOf(text, 'UEM').entries()) {
    const fields = line.split(/[ \t\f\v]+/).filter((field) => field !== '');
    const [uri, , from, to] = fields;
    if (uri === undefined || uri.startsWith(';') || uri.startsWith('#')) continue;
    if (from === undefined || to === undefined) {
      throw badLine('UEM', index, line, `expected 4 fields (file, channel, start, end), found ${fields.length}`);
    }
    const start = parseDecimal(from.replaceAll(',', ''));
    const end = parseDecimal(to.replaceAll(',', ''));
    if (!(start >= -MAX_SECONDS && start <= end && end <= MAX_SECONDS)) {
      throw badLine('UEM', index, line, 'expected start ≤ end in seconds in fields 3 and 4');
    }
    const name = unescapeName(uri);
    const segments = parts.get(name) ?? [];
    segments.push({ start, end });
    parts.set(name, segments);
  }
  return new Map([...parts].map(([uri, segments]) => [uri, new Timeline(segments).support()]));
}
