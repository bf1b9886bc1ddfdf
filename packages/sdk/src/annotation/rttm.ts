import { MAX_SECONDS, type Segment, type Turn } from '../contract/segment.ts';
import { badLine, escapeName, linesOf, parseDecimal, unescapeName } from './text.ts';
import { toMilliseconds } from './time.ts';

/** An interval that md-eval excludes from scoring: a `NOSCORE` or `NON-LEX` line of a reference. */
export interface NoScoreZone extends Segment {
  readonly type: 'NOSCORE' | 'NON-LEX';
}

/** The contents of an RTTM file for one channel of a recording. */
export interface RttmRecording {
  readonly uri: string;
  /** Channel field of the lines. Channels of one file are separate recordings, as in md-eval. */
  readonly channel: string;
  /** In file order, unchanged: may include turns of zero length and overlapping turns of one speaker. */
  readonly turns: readonly Turn[];
  readonly noScore: readonly NoScoreZone[];
}

/** The line types of the RT-09 plan, Appendix A, other than the three that are read. */
const OTHER_TYPES = new Set('SEGMENT NO_RT_METADATA LEXEME NON-SPEECH FILLER EDIT IP SU CB A/P SPKR-INFO'.split(' '));

/**
 * Writes RTTM: one `SPEAKER` line per turn, seconds with three decimals. Start and end are rounded, so that touching
 * turns still touch; turns that round to zero length are left out. Spaces in names are percent-encoded (`%20`).
 *
 * Source: NIST, The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan, Appendix A.
 *
 * @param uri File id of the lines.
 */
export function toRttm(turns: Iterable<Turn>, uri = 'audio'): string {
  let text = '';
  for (const { start, end, speaker, confidence } of turns) {
    const from = toMilliseconds(start);
    const length = toMilliseconds(end) - from;
    if (length <= 0) continue;
    const sure = confidence === undefined ? '<NA>' : confidence.toFixed(3);
    text += `SPEAKER ${escapeName(uri)} 1 ${seconds(from)} ${seconds(length)} <NA> <NA> ${escapeName(speaker)} ${sure} <NA>\n`;
  }
  return text;
}

/** Writes several recordings to one RTTM file. */
export function toRttmFile(recordings: Iterable<{ readonly uri: string; readonly turns: Iterable<Turn> }>): string {
  return [...recordings].map(({ uri, turns }) => toRttm(turns, uri)).join('');
}

/**
 * Reads RTTM. Fields are separated by spaces or tabs; any line endings are accepted; blank lines, comments (`;`, `#`)
 * and other line types of the standard are skipped; the last field and the confidence may be missing. A time may end in
 * `*`, and an absent duration (`<NA>`) is 0, as in md-eval. Names with spaces, which the format does not allow but
 * other tools write, are read if the `<NA> <NA>` after the times makes the line unambiguous.
 *
 * @returns The recordings (one per channel) in order of first appearance, including those named only by skipped lines.
 * @throws VoiceFlowError `invalid-option` with the line's number for an unknown type, too few or too many fields, or
 *   bad times.
 */
export function parseRttm(text: string): RttmRecording[] {
  const recordings = new Map<string, { uri: string; channel: string; turns: Turn[]; noScore: NoScoreZone[] }>();
  for (const [index, line] of linesOf(text, 'RTTM').entries()) {
    const words = line.split(/[ \t\f\v]+/).filter((field) => field !== '');
    const type = words[0]?.toUpperCase();
    if (type === undefined || type.startsWith(';') || type.startsWith('#')) continue;
    const scored = type === 'SPEAKER' || type === 'NOSCORE' || type === 'NON-LEX';
    if (!scored && !OTHER_TYPES.has(type)) throw badLine('RTTM', index, line, 'expected SPEAKER or another RTTM type');
    if (words.length < 8) throw badLine('RTTM', index, line, `expected at least 8 fields, found ${words.length}`);

    const fields = scored ? fieldsOf(words) : words;
    if (fields === undefined) {
      const expected = `expected ${FIELDS} fields, the last two numbers or <NA>; write spaces in names as %20`;
      throw badLine('RTTM', index, line, expected);
    }
    const uri = unescapeName(fields[1]!);
    const channel = fields[2]!;
    const key = `${channel} ${uri}`;
    const recording = recordings.get(key) ?? { uri, channel, turns: [], noScore: [] };
    recordings.set(key, recording);
    if (!scored) continue;
    const segment = segmentOf(fields, index, line);
    if (type !== 'SPEAKER') {
      recording.noScore.push({ ...segment, type });
      continue;
    }
    const speaker = unescapeName(fields[7]!);
    const confidence = parseDecimal(fields[8] ?? '');
    recording.turns.push(
      confidence >= 0 && confidence <= 1 ? { ...segment, speaker, confidence } : { ...segment, speaker },
    );
  }
  return [...recordings.values()];
}

const FIELDS = 10;
const ABSENT = /^<NA>$/i;
const CHANNEL = /^(?:\d{1,3}|[a-z]|<NA>)$/i;

/**
 * The fields of a line, even if names contain spaces: channel, two times and `<NA> <NA>` are between file and speaker;
 * confidence and lookahead follow the speaker.
 * @returns Undefined if there is no way or more than one way to read the line.
 */
function fieldsOf(words: readonly string[]): readonly string[] | undefined {
  const places = words.flatMap((_, at) =>
    at >= 2 && at + 5 < words.length && isMiddle(words.slice(at, at + 5)) ? [at] : [],
  );
  const [at] = places;
  const plain = at === undefined || (at === 2 && isExtra(words[8] ?? '<NA>'));
  if (words.length <= FIELDS && plain) return words;
  const rest = words.slice((at ?? 0) + 5);
  // Number of fields after the speaker; they may be missing after a name of one word.
  const ends = rest.length > 2 ? 2 : rest.length - 1;
  const sound = ends >= 0 && rest.slice(rest.length - ends).every(isExtra);
  if (at === undefined || places.length > 1 || !sound) return undefined;
  const speaker = rest.slice(0, rest.length - ends).join(' ');
  const uri = words.slice(1, at).join(' ');
  return [words[0]!, uri, ...words.slice(at, at + 5), speaker, ...rest.slice(rest.length - ends)];
}

/** Channel, start, duration, `<NA> <NA>`. */
function isMiddle([channel = '', start = '', length = '', ...absent]: readonly string[]): boolean {
  const sound = CHANNEL.test(channel) && isNumber(start) && (isNumber(length) || ABSENT.test(length));
  return sound && absent.length === 2 && absent.every((field) => ABSENT.test(field));
}

/** Whether a field may follow the speaker: a number, or what some tools write for none. */
function isExtra(field: string): boolean {
  return /^(<?N\/?A>?|-|nan|none|null|[+-]?inf)$/i.test(field) || isNumber(field);
}

function isNumber(field: string): boolean {
  return !Number.isNaN(parseDecimal(field.replace('*', '')));
}

function segmentOf(fields: readonly string[], index: number, line: string): Segment {
  const start = parseDecimal(fields[3]!.replace('*', ''));
  const length = fields[4]!.replace('*', '');
  const duration = length.toUpperCase() === '<NA>' ? 0 : parseDecimal(length);
  const wrong = (expected: string) => badLine('RTTM', index, line, `expected ${expected}`);
  if (Math.abs(start) > MAX_SECONDS || start + duration > MAX_SECONDS) throw wrong(`times of at most ${MAX_SECONDS} s`);
  if (Number.isNaN(start)) throw wrong('the start in seconds in field 4');
  if (!(duration >= 0)) throw wrong('a duration of at least 0 s in field 5');
  return { start, end: start + duration };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
