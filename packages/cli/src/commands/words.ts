import { choice, integer, number, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import { type Turn, toSrt, toVtt } from 'voiceflow-ml/core';
import {
  assignWords,
  groupWords,
  parseWords,
  type RecognizedWord,
  type Transcript,
  type Utterance,
} from 'voiceflow-ml/words';
import { defineCommand } from '../command.ts';
import { ENGINE_OPTIONS, LENGTH_OPTIONS, openDiarizer, withinHours } from '../diarizer.ts';
import { EXIT, onFile } from '../errors.ts';
import { NAMING_OPTIONS, readNaming } from '../files/book.ts';
import { openAudio, readText } from '../files/open.ts';
import { readTurns } from '../files/turns.ts';
import { writeFileAtomic } from '../files/write.ts';
import type { Io } from '../io.ts';
import { oneLine } from '../printable.ts';
import { showProgress } from '../progress.ts';
import { clock, preciseClock } from '../render/axis.ts';
import { printWarnings, warn } from '../warnings.ts';

/** Longest subtitle cue in seconds; a longer one is hard to read. */
const LONGEST_CUE = 7;
/** When a larger share of the words is outside all turns, words and turns are probably of different recordings. */
const MOST_OUTSIDE = 0.5;

/** Options of the diarization of a RECORDING. */
const RECORDING = {
  speakers: integer([1, 100], 'N', 'exactly this many speakers'),
  ...NAMING_OPTIONS,
  ...LENGTH_OPTIONS,
  ...ENGINE_OPTIONS,
};
const RECORDING_OPTIONS = Object.keys(RECORDING) as (keyof typeof RECORDING)[];

const options = {
  format: {
    ...choice(
      ['text', 'srt', 'vtt', 'json'],
      'text (default: one line for each utterance), subtitles, or JSON with every word',
    ),
    short: 'f',
  },
  out: text('FILE', 'write to this file (default: standard output)'),
  snap: choice(
    ['none', 'sentence'],
    'sentence: a change of speaker within a second of the end of a sentence is moved to that end, because word timestamps are often inexact (default none)',
  ),
  'max-distance': number(
    [0, 1e6],
    'SECONDS',
    'words farther than this from every turn get the speaker UNKNOWN (default: no limit)',
    'seconds',
  ),
  'max-pause': number([0, 1e6], 'SECONDS', 'a pause longer than this starts a new utterance (default 2)', 'seconds'),
  'max-seconds': number(
    [0.1, 1e6],
    'SECONDS',
    `longest utterance (default: ${LONGEST_CUE} in subtitles, otherwise no limit)`,
    'seconds',
  ),
  ...RECORDING,
};

export const words = defineCommand({
  usage: 'WORDS RECORDING|TURNS [options]',
  details: [
    'WORDS is the output of a speech recognizer; its format is detected from its content: JSON of whisper.cpp, openai-whisper, faster-whisper, whisperX, transformers.js, Deepgram or AssemblyAI, SRT or WebVTT, or a list of { text, start, end } in seconds. Words without timestamps get the speaker of the words around them. Where a file has only segment timestamps, the time of a segment is divided among its words by their length.',
    'The second file is the recording, or its turns as RTTM or as the JSON of voiceflow diarize. --speakers and all options below it are only for a recording.',
  ],
  options,
  examples: [
    { command: 'voiceflow words meeting.whisper.json meeting.wav', does: 'find the speakers and who said what' },
    {
      command: 'voiceflow words words.json meeting.rttm --format srt --out meeting.srt',
      does: 'subtitles from turns',
    },
    {
      command: 'voiceflow words call.vtt call.mp3 --snap sentence',
      does: 'move changes of speaker to the ends of sentences',
    },
  ],
  async run(values, positionals, { io, signal }) {
    const [path, second, ...more] = positionals;
    if (path === undefined || second === undefined || more.length > 0) {
      throw new UsageError(`words needs 2 files, WORDS and RECORDING or TURNS, received ${positionals.length}`);
    }
    const transcript = await onFile(path, async () => parseWords(await readText(path, signal)));
    const given = await readTurns(second, signal);
    if (given !== undefined) rejectRecordingOptions(values, second);
    const turns = given ?? (await diarize(second, values, io, signal));
    const { 'max-distance': maxDistance, 'max-pause': maxPause, snap, format = 'text' } = values;
    const subtitles = format === 'srt' || format === 'vtt';
    const maxSeconds = values['max-seconds'] ?? (subtitles ? LONGEST_CUE : undefined);
    const assigned = await onFile(path, async () => assignWords(transcript.words, turns, { maxDistance, snap }));
    for (const warning of warningsOf(transcript, assigned)) warn(io, path, warning);
    const text = render(format, groupWords(assigned, { maxPause, maxSeconds }), transcript);
    if (values.out === undefined || values.out === '-') await io.out(text);
    else await writeFileAtomic(values.out, text);
    return EXIT.done;
  },
});

/** @throws UsageError for an option that has no effect on turns. */
function rejectRecordingOptions(values: Values<typeof options>, path: string): void {
  const name = RECORDING_OPTIONS.find((option) => values[option] !== undefined);
  if (name === undefined) return;
  throw new UsageError(
    `--${name} needs a RECORDING, but ${path} contains turns`,
    'Give the recording instead, or omit the option',
  );
}

async function diarize(
  path: string,
  values: Values<typeof options>,
  io: Io,
  signal: AbortSignal,
): Promise<readonly Turn[]> {
  const naming = await readNaming(values, signal);
  return onFile(path, async () => {
    const audio = await openAudio(path);
    await using diarizer = await openDiarizer(values, signal);
    const result = await showProgress(io, path, clock, (onProgress) =>
      withinHours(values, (limits) =>
        diarizer.diarize(audio, { signal, onProgress, limits, ...naming, numSpeakers: values.speakers }),
      ),
    );
    printWarnings(io, path, result.warnings);
    return result.turns;
  });
}

function* warningsOf({ words: all, timing }: Transcript, assigned: readonly { readonly coverage: number }[]) {
  if (all.length === 0) yield 'the file has no words';
  else if (all.every(({ start, end }) => start === undefined && end === undefined)) {
    yield 'no word has timestamps, so speakers cannot be assigned; enable word timestamps in the recognizer';
  } else {
    if (timing === 'segments') {
      yield 'the words have only the timestamps of their segments, so speakers may be wrong near speaker changes; enable word timestamps in the recognizer';
    }
    const outside = assigned.filter(({ coverage }) => coverage === 0).length;
    if (outside > MOST_OUTSIDE * all.length) {
      yield `${outside} of ${all.length} words are outside all turns; check that words and turns are of the same recording`;
    }
  }
}

type Utterances = readonly Utterance<RecognizedWord>[];

function render(format: 'text' | 'srt' | 'vtt' | 'json', utterances: Utterances, transcript: Transcript): string {
  switch (format) {
    case 'srt':
      return toSrt(utterances);
    case 'vtt':
      return toVtt(utterances);
    case 'json':
      return `${JSON.stringify(asJson(utterances, transcript), null, 2)}\n`;
    case 'text':
      return utterances
        .map(({ start, speaker, text }) => `${preciseClock(start)}  ${oneLine(`${speaker}: ${text}`)}\n`)
        .join('');
  }
}

function asJson(utterances: Utterances, { format, timing, language }: Transcript) {
  const round = (seconds: number | undefined) =>
    seconds === undefined ? undefined : Math.round(seconds * 1000) / 1000;
  const rows = utterances.map(({ start, end, speaker, text, words: own }) => ({
    start: round(start),
    end: round(end),
    speaker,
    text,
    words: own.map((word) => ({
      text: word.text.trim(),
      start: round(word.start),
      end: round(word.end),
      coverage: round(word.coverage),
    })),
  }));
  return { format, timing, language, utterances: rows };
}
