import { MAX_SECONDS, type Segment } from '../contract/segment.ts';
import { badLine, escapeName, linesOf, parseDecimal, unescapeName } from './text.ts';
import { roundToMillisecond } from './time.ts';
import { Timeline } from './timeline.ts';

/**
 * UEM (un-partitioned evaluation map): the parts of each recording that are scored, by file id, or by `channelId` for a
 * file with several channels.
 */
export type Uem = ReadonlyMap<string, Timeline>;

/** Recording id for one channel of a file with several channels. */
export function channelId(uri: string, channel: string): string {
  return `${uri} ${channel}`;
}

/**
 * Writes UEM: `file 1 start end`, seconds with three decimals. Names are escaped as in RTTM; empty parts are left out.
 */
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
 * Reads UEM. Blank lines and comments (`;`, `#`) are skipped; commas in times are ignored as in md-eval. Parts of one
 * file may touch or overlap: their union is used. If a file has lines for several channels, each has its own entry.
 *
 * @throws VoiceFlowError `invalid-option` with the line number for fewer than four fields or invalid times.
 */
export function parseUem(text: string): Map<string, Timeline> {
  const files = new Map<string, Map<string, Segment[]>>();
  for (const [index, line] of linesOf(text, 'UEM').entries()) {
    const fields = line.split(/[ \t\f\v]+/).filter((field) => field !== '');
    const [uri, channel = '', from, to] = fields;
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
    const channels = files.get(name) ?? new Map<string, Segment[]>();
    const segments = channels.get(channel) ?? [];
    segments.push({ start, end });
    files.set(name, channels.set(channel, segments));
  }
  const parts = [...files].flatMap(([uri, channels]) =>
    [...channels].map(([channel, segments]) => {
      return [channels.size > 1 ? channelId(uri, channel) : uri, new Timeline(segments).support()] as const;
    }),
  );
  return new Map(parts);
}
