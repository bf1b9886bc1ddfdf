import type { Cue } from '../../annotation/cues.ts';
import { parseSrt } from '../../annotation/srt.ts';
import { parseVtt } from '../../annotation/vtt.ts';
import { wordsOfSegment } from './segments.ts';
import { type Transcript, transcript } from './transcript.ts';

export function readVtt(text: string): Transcript {
  return readCues('vtt', parseVtt(text));
}

export function readSrt(text: string): Transcript {
  return readCues('srt', parseSrt(text));
}

/** Reads subtitles: words get parts of their cue's time. Speakers in the cues are ignored. */
function readCues(format: 'srt' | 'vtt', cues: readonly Cue[]): Transcript {
  const parts = cues.map(({ start, end, text = '' }) =>
    wordsOfSegment(text.replace(/<\/?[a-z][^<>]*>/gi, ''), start, end),
  );
  return transcript(format, parts);
}
