import { requiredText, UsageError } from '@voiceflow-ml/server/args';
import {
  type AudioLimits,
  checkVoices,
  type Diarization,
  type Diarizer,
  normalizeName,
  type Segment,
  type VoiceBook,
  type VoiceSample,
} from 'voiceflow-ml/core';
import { type Context, defineCommand } from '../command.ts';
import { ENGINE_OPTIONS, LENGTH_OPTIONS, openDiarizer, withinHours } from '../diarizer.ts';
import { EXIT, FileError, failedOn, onFile } from '../errors.ts';
import { changeBook, readOrStartBook } from '../files/book.ts';
import { findInputs } from '../files/inputs.ts';
import { openAudio } from '../files/open.ts';
import { showProgress } from '../progress.ts';
import { clock } from '../render/axis.ts';
import { printWarnings, warn } from '../warnings.ts';

/**
 * Below this the samples may be of several voices. This is a warning, not an error, because noise has the same effect.
 */
const DOUBTFUL_CONSISTENCY = 0.75;
/** Seconds of speech: less than `least` is refused, less than `enough` gives a warning. */
const SPEECH = { least: 1, enough: 5 };
/** Largest share of the speech that may be of other voices without a warning (a cough, a greeting). */
const MOST_OTHERS = 0.1;
/** Shortest and longest segment that is embedded separately, in seconds, and the largest number of segments. */
const SEGMENT_SECONDS = { least: 1, most: 3 };
const MOST_SEGMENTS = 60;

const options = {
  book: requiredText('FILE.json', 'the voice book; created if it does not exist'),
  ...LENGTH_OPTIONS,
  ...ENGINE_OPTIONS,
};

export const enroll = defineCommand({
  usage: 'NAME FILE… --book voices.json',
  details: [
    'Adds a voice to a voice book, from recordings in which only this person speaks; 10 seconds are good, a minute is better. Enrolling the same name again adds to its voice. The book is changed only if all recordings can be read.',
  ],
  options,
  examples: [
    { command: 'voiceflow enroll Ada ada-1.wav ada-2.wav --book voices.json', does: 'add a voice from two recordings' },
    { command: 'voiceflow identify meeting.wav --book voices.json', does: 'then find it in a meeting' },
  ],
  async run(values, [rawName, ...files], context) {
    if (rawName === undefined || files.length === 0) throw new UsageError('enroll needs a NAME and at least one FILE');
    const name = normalizeName(rawName);
    const inputs = await findInputs(files);
    const failure = inputs.find(({ error }) => error !== undefined);
    if (failure !== undefined) failedOn(failure.path, failure.error);

    await using diarizer = await openDiarizer(values, context.signal);
    const { space } = diarizer.manifest;
    // Checked before the slow part: a book with another embedding space is refused at once.
    checkVoices((await readOrStartBook(values.book, space, context.signal)).voices, space);
    const samples: VoiceSample[] = [];
    for (const { path } of inputs) {
      const work = (limits: AudioLimits) => samplesOf(diarizer, path, limits, context);
      samples.push(...(await onFile(path, () => withinHours(values, work))));
    }
    const read = (path: string) => readOrStartBook(path, space, context.signal);
    const book = await changeBook(values.book, (before) => before.enroll(name, samples, space), read);
    await printVoice(book, name, context);
    return EXIT.done;
  },
});

async function printVoice(book: VoiceBook, name: string, { io }: Context): Promise<void> {
  const voice = book.voices.find((other) => other.name === name);
  if (voice === undefined) return;
  const { seconds, consistency } = voice;
  await io.out(`${voice.name}: ${seconds.toFixed(1)} s of speech, consistency ${consistency.toFixed(2)}\n`);
  if (consistency < DOUBTFUL_CONSISTENCY) {
    io.err(`voiceflow: warning: the recordings of ${voice.name} seem to contain several voices, or noise\n`);
  }
  if (seconds < SPEECH.enough) {
    io.err(`voiceflow: warning: ${voice.name} has only ${seconds.toFixed(1)} s of speech; enroll at least 10 s\n`);
  }
}

/** Samples of the main voice of a recording. Several segments, so that their consistency can be measured. */
async function samplesOf(
  diarizer: Diarizer,
  path: string,
  limits: AudioLimits,
  { io, signal }: Context,
): Promise<VoiceSample[]> {
  const audio = await openAudio(path);
  const result = await showProgress(io, path, clock, (onProgress) =>
    diarizer.diarize(audio, { signal, onProgress, limits }),
  );
  printWarnings(io, path, result.warnings);
  const [main, ...others] = [...result.speakers].sort((a, b) => b.seconds - a.seconds);
  if (main === undefined)
    throw new FileError('no speech found', { hint: 'Use a recording in which this person speaks' });
  if (main.seconds < SPEECH.least) {
    const message = `only ${main.seconds.toFixed(1)} s of speech found`;
    throw new FileError(message, {
      hint: `Use a recording with at least ${SPEECH.least} s of speech; 10 s are good`,
    });
  }
  const rest = others.reduce((sum, { seconds }) => sum + seconds, 0);
  const share = rest / (rest + main.seconds);
  if (share > MOST_OTHERS) {
    const percent = Math.round(100 * share);
    warn(io, path, `${percent} % of the speech is of other voices; only the main voice is enrolled`);
  }
  const whole = [{ embedding: main.embedding, seconds: main.seconds }];
  const segments = segmentsOf(result, main.label);
  // Piped audio cannot be read a second time.
  if (segments.length < 2 || !(audio instanceof Blob)) return whole;
  const embeddings = await diarizer.embed(audio, { segments, signal, limits });
  const scale = main.seconds / segments.reduce((sum, { start, end }) => sum + end - start, 0);
  return segments.map(({ start, end }, i) => {
    return { embedding: embeddings[i] as Float32Array, seconds: (end - start) * scale };
  });
}

/** Segments of a few seconds in which only this speaker talks, spread over the recording. */
function segmentsOf(result: Diarization, label: string): Segment[] {
  const segments = result.exclusive().flatMap(({ start, end, speaker }) => {
    if (speaker !== label || end - start < SEGMENT_SECONDS.least) return [];
    const pieces = Math.ceil((end - start) / SEGMENT_SECONDS.most);
    const length = (end - start) / pieces;
    return Array.from({ length: pieces }, (_, i) => ({ start: start + i * length, end: start + (i + 1) * length }));
  });
  const every = Math.ceil(segments.length / MOST_SEGMENTS);
  return segments.filter((_, i) => i % every === 0);
}
