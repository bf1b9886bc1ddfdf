import { inspect } from 'node:util';
import { choice, flag, integer, text, UsageError } from '@voiceflow-ml/server/args';
import type { DiarizeOptions } from 'voiceflow-ml/core';
import { defineCommand } from '../command.ts';
import { FORMATS } from '../diarize/formats.ts';
import { runJob } from '../diarize/job.ts';
import { planOutputs } from '../diarize/outputs.ts';
import { COUNT_OPTIONS, ENGINE_OPTIONS, LENGTH_OPTIONS, openDiarizer, speakerCounts } from '../diarizer.ts';
import { EXIT, explain } from '../errors.ts';
import { NAMING_OPTIONS, readNaming } from '../files/book.ts';
import { findInputs } from '../files/inputs.ts';

/** The SDK's own limit. */
const MOST_JOBS = 64;

const options = {
  ...COUNT_OPTIONS,
  channels: text(
    'HOW',
    'mix (default); separate: a call with one speaker on each channel (LEFT, RIGHT); agent,customer: the same with these names; or a number such as 2: only that channel',
  ),
  format: {
    ...choice(FORMATS, 'format of the output (default text: one line for each turn; on a terminal also a timeline)'),
    short: 'f',
  },
  out: {
    ...text(
      'DIR|-',
      'write one file for each recording into this folder: a.txt for a.wav, or a.wav.txt if there is also an a.flac; - is standard output (default)',
    ),
    short: 'o',
  },
  timeline: text('FILE.svg', 'also write a timeline as an image; with several recordings, a folder for the images'),
  exclusive: flag('one speaker at a time: overlapped speech is assigned to the more probable speaker'),
  ...NAMING_OPTIONS,
  jobs: { ...integer([1, MOST_JOBS], 'N', 'number of recordings processed concurrently (default 1)'), short: 'j' },
  ...LENGTH_OPTIONS,
  ...ENGINE_OPTIONS,
};

export const diarize = defineCommand({
  usage: 'FILE… [options]',
  details: [
    'A FILE may be a recording, a folder (with the audio files in it and its subfolders), a pattern such as "calls/**/*.wav", or - for standard input. WAV, MP3, M4A, FLAC, Opus, WebM, videos and more can be read; the format is detected from the content, not from the name. A file that cannot be read is reported and does not stop the others; the exit code is then 1.',
  ],
  options,
  examples: [
    { command: 'voiceflow diarize meeting.wav', does: 'show who spoke when' },
    {
      command: 'voiceflow diarize meeting.wav --speakers 3 --timeline meeting.svg',
      does: 'three speakers, with a timeline image',
    },
    { command: 'voiceflow diarize calls/ --format rttm --out results --jobs 2', does: 'a folder of recordings' },
    { command: 'voiceflow diarize meeting.wav --format json | jq .speakers', does: 'JSON for programs' },
    { command: 'voiceflow diarize call.mp3 --channels separate', does: 'a call with one speaker on each channel' },
  ],
  async run(values, positionals, context) {
    if (positionals.length === 0) throw new UsageError('diarize needs a FILE', 'See voiceflow diarize --help');
    const diarizeOptions = {
      ...speakerCounts(values),
      ...channelsOf(values.channels),
      ...(await readNaming(values, context.signal)),
    };
    const inputs = await findInputs(positionals);
    const outputs = await planOutputs(inputs, values);

    let failed = false;
    const reportError = (path: string, error: unknown) => {
      failed = true;
      context.io.err(`voiceflow: ${explain(error, path)}\n`);
      if (process.env.VOICEFLOW_DEBUG) context.io.err(`${inspect(error)}\n`);
    };
    for (const { path, error } of inputs) if (error !== undefined) reportError(path, error);
    const usable = outputs.filter(({ input }) => input.error === undefined);
    if (usable.length > 0) {
      const { format = 'text', exclusive, jobs: atOnce = 1 } = values;
      await using diarizer = await openDiarizer(values, context.signal, atOnce);
      const job = {
        outputs: usable,
        diarizer,
        options: diarizeOptions,
        length: values,
        format,
        exclusive,
        atOnce,
        context,
        reportError,
      };
      await runJob(job);
    }
    return failed ? EXIT.failed : EXIT.done;
  },
});

/** Parses `--channels`: `mix`, `separate`, a number, or a name for each channel, such as `agent,customer`. */
function channelsOf(text: string | undefined): DiarizeOptions {
  if (text === undefined) return {};
  if (text === 'mix' || text === 'separate') return { channels: text };
  if (/^[1-9]\d{0,2}$/.test(text)) return { channels: Number(text) };
  const channelNames = text.split(',').map((name) => name.trim());
  if (channelNames.length > 1 && !channelNames.includes('')) return { channels: 'separate', channelNames };
  throw new UsageError(
    `--channels is "${text}", expected mix, separate, a number from 1, or a name for each channel`,
    'For example: --channels agent,customer',
  );
}
