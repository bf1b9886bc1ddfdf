import type { Diarizer, VoiceSample } from 'voiceflow-ml/core';
import type { OptionSpecs } from '../args/options.ts';
import { type Context, defineCommand } from '../command.ts';
import { ENGINE_OPTIONS, openDiarizer } from '../diarizer.ts';
import { EXIT, explain, FileError, isAbort, UsageError } from '../errors.ts';
import { readOrStartBook } from '../files/book.ts';
import { findInputs, type Input } from '../files/inputs.ts';
import { openAudio } from '../files/open.ts';
import { writeFileAtomic } from '../files/write.ts';
import { showProgress } from '../progress.ts';
import { clock } from '../render/axis.ts';

/** Below this the samples are hardly one voice: told, not refused, as noise does it too. */
const DOUBTFUL_CONSISTENCY = 0.6;

const options = {
  book: { kind: 'text', value: 'FILE.json', required: true, help: 'the voice book; made when it is not there yet' },
  ...ENGINE_OPTIONS,
} as const satisfies OptionSpecs;

export const enroll = defineCommand({
  name: 'enroll',
  usage: 'NAME FILE… --book voices.json',
  summary: 'give a voice a name',
  details: [
    'Adds a voice to a book from recordings in which this person alone speaks; ten seconds are good, a minute is better. Enrolling again makes the voice surer. The book is changed only when all recordings could be read.',
  ],
  options,
  examples: [
    { command: 'voiceflow enroll Ada ada-1.wav ada-2.wav --book voices.json', does: 'a voice from two recordings' },
    { command: 'voiceflow identify meeting.wav --book voices.json', does: 'and then' },
  ],
  async run(values, [name, ...files], context) {
    if (name === undefined || files.length === 0) throw new UsageError('enroll needs a NAME and a FILE');
    const inputs = await findInputs(files);
    const failure = inputs.find(({ error }) => error !== undefined);
    if (failure !== undefined) throw new FileError(explain(failure.error, failure.path), { cause: failure.error });

    const diarizer = await openDiarizer(values, context.signal);
    try {
      const before = await readOrStartBook(values.book, diarizer.manifest.space);
      const samples: VoiceSample[] = [];
      for (const input of inputs) samples.push(await sampleOf(diarizer, input, context));
      const book = before.enroll(name, samples, diarizer.manifest.space);
      await writeFileAtomic(values.book, `${JSON.stringify(book, null, 1)}\n`);
      const voice = book.voices.find((other) => other.name === name);
      if (voice !== undefined) {
        await context.io.out(
          `${name}: ${voice.seconds.toFixed(1)} s of speech, consistency ${voice.consistency.toFixed(2)}\n`,
        );
        if (voice.consistency < DOUBTFUL_CONSISTENCY) {
          context.io.err(`voiceflow: warning: the recordings of ${name} sound like different voices or are noisy\n`);
        }
      }
    } finally {
      await diarizer.close();
    }
    return EXIT.done;
  },
});

/** The one voice of a recording, and how long it speaks. */
async function sampleOf(diarizer: Diarizer, { path }: Input, { io, signal }: Context): Promise<VoiceSample> {
  try {
    const audio = await openAudio(path);
    const { speakers } = await showProgress(io, path, clock, (onProgress) =>
      diarizer.diarize(audio, { numSpeakers: 1, signal, onProgress }),
    );
    const [speaker] = speakers;
    if (speaker === undefined) throw new FileError('nobody speaks in it', { hint: 'Enrol from a recording of speech' });
    return { embedding: speaker.embedding, seconds: speaker.seconds };
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new FileError(explain(error, path), { cause: error });
  }
}
