import { MAX_SECONDS, type Segment, type Turn } from '../contract/segment.ts';
import { escapeName, unescapeName } from './names.ts';
import { badLine, linesOf, parseDecimal } from './text.ts';
import { toMilliseconds } from './time.ts';

/** A stretch of a reference that md-eval leaves out of the scoring: a `NOSCORE` or `NON-LEX` line. */
export interface NoScoreZone extends Segment {
  readonly type: 'NOSCORE' | 'NON-LEX';
}

/** What one RTTM file says of one recording. */
export interface RttmRecording {
  readonly uri: string;
  /** In the order of the lines, as they stand: also turns of no length and overlapping turns of one speaker. */
  readonly turns: readonly Turn[];
  readonly noScore: readonly NoScoreZone[];
}

/** The line types of the RT-09 plan, Appendix A, beside the three that are read. */
const OTHER_TYPES = new Set('SEGMENT NO_RT_METADATA LEXEME NON-SPEECH FILLER EDIT IP SU CB A/P SPKR-INFO'.split(' '));

/**
 * RTTM: one `SPEAKER` line a turn, seconds with three decimals. Both ends are rounded, so that turns that touch still
 * touch; turns that round to nothing are left out. Blanks in names are written as in a URL (`%20`).
 *
 * Source: NIST, The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan, Appendix A.
 *
 * @param uri The file id of the lines.
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

/** RTTM of several recordings, one after the other. */
export function toRttmFile(recordings: Iterable<{ readonly uri: string; readonly turns: Iterable<Turn> }>): string {
  return [...recordings].map(({ uri, turns }) => toRttm(turns, uri)).join('');
}

/**
 * Reads RTTM. Fields are parted by blanks or tabs; any line ends; blank lines and comments (`;`, `#`) are skipped;
 * other line types of the standard are skipped; the last field and the confidence may be missing; the channel is not
 * looked at. A time may end in `*`, an absent duration (`<NA>`) is 0, as in md-eval.
 *
 * @returns The recordings in order of first appearance; also those that only a skipped line names.
 * @throws VoiceFlowError `invalid-option` with the line's number for an unknown type, too few fields, or bad times.
 */
export function parseRttm(text: string): RttmRecording[] {
  const recordings = new Map<string, { uri: string; turns: Turn[]; noScore: NoScoreZone[] }>();
  for (const [index, line] of linesOf(text, 'RTTM').entries()) {
    const fields = line.split(/[ \t\f\v]+/).filter((field) => field !== '');
    const type = fields[0]?.toUpperCase();
    if (type === undefined || type.startsWith(';') || type.startsWith('#')) continue;
    const scored = type === 'SPEAKER' || type === 'NOSCORE' || type === 'NON-LEX';
    if (!scored && !OTHER_TYPES.has(type)) throw badLine('RTTM', index, line, 'expected SPEAKER or another RTTM type');
    if (fields.length < 8) throw badLine('RTTM', index, line, `expected at least 8 fields, found ${fields.length}`);

    const uri = unescapeName(fields[1] as string);
    const recording = recordings.get(uri) ?? { uri, turns: [], noScore: [] };
    recordings.set(uri, recording);
    if (!scored) continue;
    const segment = segmentOf(fields, index, line);
    if (type !== 'SPEAKER') {
      recording.noScore.push({ ...segment, type });
      continue;
    }
    const speaker = unescapeName(fields[7] as string);
    const confidence = parseDecimal(fields[8] ?? '');
    recording.turns.push(
      confidence >= 0 && confidence <= 1 ? { ...segment, speaker, confidence } : { ...segment, speaker },
    );
  }
  return [...recordings.values()];
}

function segmentOf(fields: readonly string[], index: number, line: string): Segment {
  const start = parseDecimal((fields[3] as string).replace('*', ''));
  const length = (fields[4] as string).replace('*', '');
  const duration = length.toUpperCase() === '<NA>' ? 0 : parseDecimal(length);
  if (!(Math.abs(start) <= MAX_SECONDS)) throw badLine('RTTM', index, line, 'expected the start in seconds in field 4');
  if (!(duration >= 0 && start + duration <= MAX_SECONDS)) {
    throw badLine('RTTM', index, line, 'expected a duration of at least 0 s in field 5');
  }
  return { start, end: start + duration };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
