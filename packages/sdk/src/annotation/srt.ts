import { arrangeCues, blocksOf, type Cue, parseTiming, timestamp } from './cues.ts';
import { linesOf } from './text.ts';

/**
 * Writes SRT with `[SPEAKER_00]: text` (the form used by WhisperX), or `[SPEAKER_00]` for a cue without text. Cues are
 * numbered from 1 in order of start. Overlapping cues are kept; pass `exclusiveTurns(turns)` for players that show one
 * cue at a time.
 */
export function toSrt(cues: Iterable<Cue>): string {
  return arrangeCues(cues)
    .map(({ start, end, speaker, lines }, index) => {
      // An arrow in the text would be read as a time line.
      const text = lines.join('\n').replaceAll('-->', '->');
      const label = speaker ? `[${speaker.replaceAll(']', ')').replaceAll('-->', '->')}]` : '';
      const body = label && text ? `${label}: ${text}` : label || text;
      return `${index + 1}\n${timestamp(start, ',')} --> ${timestamp(end, ',')}\n${body}\n`;
    })
    .join('\n');
}

/**
 * Reads SRT. Any line endings are accepted; cue numbers may be missing; `.` is accepted for `,`; text after the times
 * is ignored. A text that is `[label]` or begins with `[label]: ` has a speaker.
 *
 * @throws VoiceFlowError `invalid-option` with the line number if the times of a cue are missing or wrong.
 */
export function parseSrt(text: string): Cue[] {
  return blocksOf(linesOf(text, 'SRT')).map(({ index, lines }) => {
    const at = /^\s*\d+\s*$/.test(lines[0] ?? '') ? 1 : 0;
    const times = parseTiming('SRT', index + at, lines[at] ?? '', 'HH:MM:SS,mmm');
    const body = lines
      .slice(at + 1)
      .map((line) => line.trim())
      .join('\n');
    const [, speaker, words] = /^\[([^\]\n]+)\](?:: ?([\s\S]*))?$/.exec(body) ?? [];
    if (speaker === undefined) return body === '' ? times : { ...times, text: body };
    return words ? { ...times, speaker, text: words } : { ...times, speaker };
  });
}
