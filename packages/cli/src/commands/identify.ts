import { flag, integer, requiredText, UsageError } from '@voiceflow-ml/server/args';
import { type Diarization, matchVoices, type VoiceBook } from 'voiceflow-ml/core';
import { defineCommand } from '../command.ts';
import { ENGINE_OPTIONS, LENGTH_OPTIONS, openDiarizer, withinHours } from '../diarizer.ts';
import { EXIT, onFile } from '../errors.ts';
import { NAMING_OPTIONS, readBook, readNaming } from '../files/book.ts';
import { openAudio } from '../files/open.ts';
import { showProgress } from '../progress.ts';
import { clock } from '../render/axis.ts';
import { table } from '../render/table.ts';
import { printWarnings } from '../warnings.ts';

const options = {
  ...NAMING_OPTIONS,
  book: requiredText('FILE.json', 'the voice book (see enroll)'),
  speakers: integer([1, 100], 'N', 'exactly this many speakers'),
  json: flag('print JSON'),
  ...LENGTH_OPTIONS,
  ...ENGINE_OPTIONS,
};

export const identify = defineCommand({
  usage: 'FILE --book voices.json',
  details: [
    'Finds the speakers of a recording and names those whose voices are in the book. Each name is used at most once. The more voices the book has, the higher the similarity that a name requires, so that about 2 of 100 unknown speakers get a false name (change this with --false-names). A speaker who matches two voices of the book equally well stays unknown. The score is the cosine similarity to the nearest voice of the book.',
  ],
  options,
  examples: [
    { command: 'voiceflow identify meeting.wav --book voices.json', does: 'who speaks, and for how long' },
    { command: 'voiceflow diarize meeting.wav --book voices.json', does: 'who spoke when, with names' },
  ],
  async run(values, positionals, { io, signal }) {
    const [path, ...more] = positionals;
    if (path === undefined || more.length > 0) {
      throw new UsageError(`identify needs one FILE, received ${positionals.length}`);
    }
    const book = await readBook(values.book, signal);
    const naming = await readNaming(values, signal);
    await using diarizer = await openDiarizer(values, signal);
    const result = await onFile(path, async () => {
      const audio = await openAudio(path);
      return showProgress(io, path, clock, (onProgress) =>
        withinHours(values, (limits) =>
          diarizer.diarize(audio, { signal, onProgress, limits, ...naming, numSpeakers: values.speakers }),
        ),
      );
    });
    printWarnings(io, path, result.warnings);
    const found = describe(result, book);
    await io.out(values.json ? `${JSON.stringify({ file: path, speakers: found }, null, 2)}\n` : asTable(found));
    return EXIT.done;
  },
});

interface Found {
  readonly speaker: string;
  /** Null when no voice of the book matches. */
  readonly name: string | null;
  readonly seconds: number;
  /** Cosine similarity to the nearest voice of the book; null for an empty book. */
  readonly score: number | null;
}

function describe({ speakers, model }: Diarization, book: VoiceBook): Found[] {
  return speakers.map(({ label, name, seconds, embedding }) => {
    const named = book.voices.filter((voice) => name === undefined || voice.name === name);
    const [nearest] = matchVoices([embedding], named, { space: model.space, threshold: -1, unique: false });
    return {
      speaker: label,
      name: name ?? null,
      seconds: Math.round(seconds * 1000) / 1000,
      score: nearest === undefined || named.length === 0 ? null : Math.round(nearest.score * 1000) / 1000,
    };
  });
}

function asTable(found: readonly Found[]): string {
  return table(
    [
      ['speaker', 'name', 'seconds', 'score'],
      ...found.map(({ speaker, name, seconds, score }) => [
        speaker,
        name ?? 'unknown',
        seconds.toFixed(1),
        score?.toFixed(2) ?? '-',
      ]),
    ],
    { right: [2, 3] },
  );
}
