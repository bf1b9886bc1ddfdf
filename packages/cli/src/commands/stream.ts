import { setTimeout as sleep } from 'node:timers/promises';
import { choice, flag, integer, number, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import type { DiarizationSession, Diarizer, LiveDiarization, LiveOptions, Warning } from 'voiceflow-ml/core';
import { type Context, defineCommand } from '../command.ts';
import { ENGINE_OPTIONS, openDiarizer } from '../diarizer.ts';
import { EXIT, onFile } from '../errors.ts';
import { NAMING_OPTIONS, readNaming } from '../files/book.ts';
import { type LiveInput, openLive, type PcmFormat } from '../files/live.ts';
import type { Io } from '../io.ts';

const DEFAULT_RATE = 16_000;
/** Seconds of audio kept for diarizing the session again: the longest that a recording may be. */
const KEPT_SECONDS = 14_400;
/** Seconds of audio per push with `--realtime`. */
const PIECE = 0.1;

const options = {
  input: {
    ...text('-|FILE', 'PCM from standard input (default), or a recording; with --rate or --encoding, a file of PCM'),
    short: 'i',
  },
  rate: { ...integer([8_000, 192_000], 'R', `sample rate of the PCM in Hz (default ${DEFAULT_RATE})`), short: 'r' },
  encoding: {
    ...choice(
      ['s16le', 'f32le'],
      'sample format of the PCM: 16-bit integers (default) or 32-bit floats; mono, little-endian',
    ),
    short: 'e',
  },
  realtime: flag('process the input at its playback speed, even if it arrives faster'),
  latency: {
    ...number([0.5, 5], 'S', 'delay until results are final (default 1); a longer delay gives fewer errors', 'seconds'),
    short: 'l',
  },
  step: number([0.25, 1], 'S', 'interval between two analyses of the audio (default 0.25)', 'seconds'),
  max: integer([1, 100], 'N', 'at most this many speakers'),
  ...NAMING_OPTIONS,
  recluster: flag('at the end, cluster the whole session again for the result in the last line'),
  'recluster-with': text(
    'NAME',
    'at the end, diarize the audio again with another model, such as accurate, for the result in the last line; up to 4 hours of audio are kept in memory, 115 MB for each hour at 16 kHz',
  ),
  ...ENGINE_OPTIONS,
};

type StreamValues = Values<typeof options>;

export const stream = defineCommand({
  usage: '[--input -|FILE] [options]',
  details: [
    'Writes one line of JSON for each event: "speaker" when a speaker appears or is named, "turn-start" and "turn-update" while a turn is tentative, "turn-end" when it is final (a retracted turn ends where it starts), "speaker-merged" when two labels are the same speaker. The last line is "end", with the turns and speakers of the whole session and, in "labels", the final label for each label in the events.',
    'Ctrl-C ends the session like the end of the input: the last events and the result are still written; the exit code is 130.',
  ],
  options,
  examples: [
    { command: 'arecord -q -f S16_LE -r 16000 -c 1 -t raw | voiceflow stream', does: 'the microphone, on Linux' },
    {
      command: 'ffmpeg -v error -i http://… -f s16le -ac 1 -ar 16000 - | voiceflow stream',
      does: 'anything that ffmpeg reads',
    },
    { command: 'voiceflow stream --input meeting.wav --realtime', does: 'play a recording as live audio' },
    {
      command: 'voiceflow stream -i meeting.wav | jq -c \'select(.type == "turn-end")\'',
      does: 'final turns only',
    },
  ],
  async run(values, positionals, context) {
    if (positionals.length > 0) {
      throw new UsageError(`unexpected argument "${positionals[0]}"`, 'Give the file with --input');
    }
    const { latency, step } = values;
    if (step !== undefined && latency !== undefined && step > latency) {
      throw new UsageError(`--step is ${step}, expected at most --latency (${latency})`);
    }
    const naming = await readNaming(values, context.signal);
    await using diarizer = await openDiarizer(values, context.signal);
    // Opened before the session, so that a missing model is reported at once and not at the end of the session.
    const model = values['recluster-with'];
    await using second = model === undefined ? undefined : await openDiarizer({ ...values, model }, context.signal);
    await follow(diarizer, second, values, naming, context);
    return EXIT.done;
  },
});

/** @param second Diarizes the whole audio again when the session ends. */
async function follow(
  diarizer: Diarizer,
  second: Diarizer | undefined,
  values: StreamValues,
  naming: Pick<LiveOptions, 'known' | 'falseNames'>,
  { io, signal }: Context,
): Promise<void> {
  const path = values.input ?? '-';
  const input = await onFile(path, () => openLive(path, pcmFormat(values, path), signal));
  const session = diarizer.open({
    sampleRate: input.sampleRate,
    ...naming,
    keepAudio: second ? KEPT_SECONDS : 0,
    latency: values.latency,
    step: values.step,
    maxSpeakers: values.max,
  });
  const output = writeEvents(session, io);
  // Its error is thrown by the `await` below; until then it must not count as an unhandled rejection.
  output.catch(() => {});
  try {
    await onFile(path, () => pushAudio(input, session, values.realtime, signal));
    const result = await session.end({ recluster: second ?? values.recluster });
    await output;
    await io.out(`${JSON.stringify({ type: 'end', ...summary(result, input.warnings) })}\n`);
  } finally {
    await session.close();
    await input.close();
  }
}

/** Standard input is PCM. A file is PCM only when its rate or encoding is given. */
function pcmFormat({ rate, encoding }: StreamValues, path: string): PcmFormat | undefined {
  if (path !== '-' && rate === undefined && encoding === undefined) return undefined;
  return { sampleRate: rate ?? DEFAULT_RATE, encoding: encoding ?? 's16le' };
}

async function writeEvents(session: DiarizationSession, io: Io): Promise<void> {
  for await (const event of session) await io.out(`${JSON.stringify(event)}\n`);
}

/** Pushes until the input ends, which it also does when the signal fires. */
async function pushAudio(
  input: LiveInput,
  session: DiarizationSession,
  realtime: boolean,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  const piece = realtime ? Math.round(PIECE * input.sampleRate) : Number.POSITIVE_INFINITY;
  let pushed = 0;
  for (;;) {
    const samples = await input.read();
    if (samples === null) return;
    for (let at = 0; at < samples.length && !(realtime && signal.aborted); at += piece) {
      const part = samples.subarray(at, at + piece);
      pushed += part.length;
      const wait = startedAt + (1000 * pushed) / input.sampleRate - performance.now();
      if (realtime && wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
      await session.push(part);
    }
  }
}

/** The result as JSON, with the warnings about the input, without the embeddings. */
function summary(result: LiveDiarization, warnings: readonly Warning[]) {
  const { speakers, ...json } = result.toJSON();
  return {
    ...json,
    warnings: [...warnings, ...json.warnings],
    speakers: speakers.map(({ embedding: _, ...speaker }) => speaker),
    labels: result.labels,
  };
}
