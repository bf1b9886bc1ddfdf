import { choice, integer, number, text, UsageError } from '@voiceflow-ml/server/args';
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
import { ENGINE_OPTIONS, type EngineValues, openDiarizer } from '../diarizer.ts';
import { EXIT, onFile } from '../errors.ts';
import { NAMING_OPTIONS, readNaming } from '../files/book.ts';
import { openAudio, readText } from '../files/open.ts';
import { readTurns } from '../files/turns.ts';
import { writeFileAtomic } from '../files/write.ts';
import type { Io } from '../io.ts';
import { oneLine } from '../printable.ts';
import { showProgress } from '../progress.ts';
import { clock, preciseClock } from '../render/axis.ts';

/** Longest subtitle cue in seconds; a longer one is hard to read. */
const LONGEST_CUE = 7;
/** When a larger share of the words is outside all turns, words and turns are probably of different recordings. */
const MOST_OUTSIDE = 0.5;

const options = {
  format: {
    ...choice(
      ['text', 'srt', 'vtt', 'json'],
      'text (default: a line an utterance), subtitles, or JSON with every word',
    ),
    short: 'f',
  },
  out: text('FILE', 'where to write; standard output when absent'),
  snap: choice(
    ['none', 'sentence'],
    "sentence: a change of speaker within a second of a sentence's end moves there (times of words are often off)",
  ),
  'max-distance': number(
    [0, 1e6],
    'SECONDS',
    'words farther from every turn are UNKNOWN (default: no bound)',
    'seconds',
  ),
  'max-pause': number([0, 1e6], 'SECONDS', 'a longer pause begins a new utterance (default 2)', 'seconds'),
  'max-seconds': number(
    [0.1, 1e6],
    'SECONDS',
    `an utterance lasts at most so long (default: ${LONGEST_CUE} in subtitles, else no bound)`,
    'seconds',
  ),
  speakers: integer([1, 100], 'N', 'of a recording: exactly this many speakers'),
  ...NAMING_OPTIONS,
  ...ENGINE_OPTIONS,
};

export const words = defineCommand({
  usage: 'WORDS RECORDING|TURNS [options]',
  details: [
    'WORDS is what a recognizer wrote, known by its content: JSON of whisper.cpp, openai-whisper, faster-whisper, whisperX, transformers.js, Deepgram or AssemblyAI, SRT or WebVTT, or a list of { text, start, end } in seconds. Words without times go with those around them; where a file has times of segments only, they are parted by length.',
    'The second file is the recording, or its turns: RTTM or the JSON of voiceflow diarize.',
  ],
  options,
  examples: [
    { command: 'voiceflow words meeting.whisper.json meeting.wav', does: 'finds the speakers, and who said what' },
    {
      command: 'voiceflow words words.json meeting.rttm --format srt --out meeting.srt',
      does: 'subtitles, from turns',
    },
    { command: 'voiceflow words call.vtt call.mp3 --snap sentence', does: 'speakers change at ends of sentences' },
  ],
  async run(values, positionals, { io, signal }) {
    const [path, second, ...more] = positionals;
    if (path === undefined || second === undefined || more.length > 0) {
      throw new UsageError(`words takes two files, WORDS and RECORDING or TURNS, but was given ${positionals.length}`);
    }
    const transcript = await onFile(path, async () => parseWords(await readText(path)));
    const turns = (await readTurns(second)) ?? (await diarize(second, values, io, signal));
    const { 'max-distance': maxDistance, 'max-pause': maxPause, snap, format = 'text' } = values;
    const subtitles = format === 'srt' || format === 'vtt';
    const maxSeconds = values['max-seconds'] ?? (subtitles ? LONGEST_CUE : undefined);
    const assigned = await onFile(path, async () => assignWords(transcript.words, turns, { maxDistance, snap }));
    for (const warning of warningsOf(transcript, assigned))
      io.err(`voiceflow: warning: ${oneLine(path)}: ${warning}\n`);
    const text = render(format, groupWords(assigned, { maxPause, maxSeconds }), transcript);
    if (values.out === undefined || values.out === '-') await io.out(text);
    else await writeFileAtomic(values.out, text);
    return EXIT.done;
  },
});

async function diarize(
  path: string,
  values: EngineValues & Parameters<typeof readNaming>[0] & { readonly speakers?: number | undefined },
  io: Io,
  signal: AbortSignal,
): Promise<readonly Turn[]> {
  const naming = await readNaming(values);
  return onFile(path, async () => {
    const audio = await openAudio(path);
    await using diarizer = await openDiarizer(values, signal);
    const result = await showProgress(io, path, clock, (onProgress) =>
      diarizer.diarize(audio, { signal, onProgress, ...naming, numSpeakers: values.speakers }),
    );
    for (const { message, code } of result.warnings) {
      io.err(`voiceflow: warning: ${oneLine(path)}: ${message} [${code}]\n`);
    }
    return result.turns;
  });
}

function* warningsOf({ words: all, timing }: Transcript, assigned: readonly { readonly coverage: number }[]) {
  if (all.length === 0) yield 'it has no words';
  else if (all.every(({ start, end }) => start === undefined && end === undefined)) {
    yield 'no word has times, so that nobody can be told apart; have the recognizer write times of words';
  } else {
    if (timing === 'segments') {
      yield 'words have the times of their segments only, and speakers may be wrong where they change; have the recognizer write times of words';
    }
    const outside = assigned.filter(({ coverage }) => coverage === 0).length;
    if (outside > MOST_OUTSIDE * all.length) {
      yield `${outside} of ${all.length} words lie outside of every turn; are words and turns of the same recording?`;
    }
  }
}

type Said = readonly Utterance<RecognizedWord>[];

function render(format: 'text' | 'srt' | 'vtt' | 'json', said: Said, transcript: Transcript): string {
  switch (format) {
    case 'srt':
      return toSrt(said);
    case 'vtt':
      return toVtt(said);
    case 'json':
      return `${JSON.stringify(asJson(said, transcript), null, 2)}\n`;
    case 'text':
      return said
        .map(({ start, speaker, text }) => `${preciseClock(start)}  ${oneLine(`${speaker}: ${text}`)}\n`)
        .join('');
  }
}

function asJson(said: Said, { format, timing, language }: Transcript) {
  const round = (seconds: number | undefined) =>
    seconds === undefined ? undefined : Math.round(seconds * 1000) / 1000;
  const utterances = said.map(({ start, end, speaker, text, words: own }) => ({
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
  return { format, timing, language, utterances };
}
