import { setTimeout as sleep } from 'node:timers/promises';
import { choice, flag, integer, number, text, UsageError, type Values } from '@voiceflow-ml/server/args';
import type { DiarizationSession, Diarizer, LiveDiarization, LiveOptions } from 'voiceflow-ml/core';
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
    ...text('-|FILE', 'PCM on standard input (default), or a recording; with --rate or --encoding, a file of PCM'),
    short: 'i',
  },
  rate: { ...integer([8_000, 192_000], 'R', `samples a second of the PCM (default ${DEFAULT_RATE})`), short: 'r' },
  encoding: {
    ...choice(['s16le', 'f32le'], 'how the PCM is written: 16-bit integers (default) or floats; mono, little-endian'),
    short: 'e',
  },
  realtime: flag('take the input at the pace of speech, however fast it comes'),
  latency: {
    ...number(
      [0.5, 5],
      'S',
      'after this time what was said is final (default 1); more latency, fewer errors',
      'seconds',
    ),
    short: 'l',
  },
  step: number([0.25, 1], 'S', 'between two looks at the audio (default 0.25)', 'seconds'),
  max: integer([1, 100], 'N', 'at most this many speakers'),
  ...NAMING_OPTIONS,
  recluster: flag('cluster the whole session again for the result in the last line'),
  'recluster-with': text(
    'NAME',
    'diarize the audio again with another model for the result in the last line, such as accurate; up to 4 hours are kept in memory, 115 MB each at 16 kHz',
  ),
  ...ENGINE_OPTIONS,
};

type Given = Values<typeof options>;

export const stream = defineCommand({
  usage: '[--input -|FILE] [options]',
  details: [
    'Writes a line of JSON for each event: "speaker" when a voice appears or is recognized, "turn-start" and "turn-update" while a turn is tentative, "turn-end" when it is final (a turn that proved to be none ends where it starts), "speaker-merged" when two voices turn out to be one. The last line is "end", with the turns and speakers of the whole session, and for each label that was told the one it has there.',
    'Ctrl-C ends the session as the end of the input does: the last events and the result are still written, and the exit code is 130.',
  ],
  options,
  examples: [
    { command: 'arecord -q -f S16_LE -r 16000 -c 1 -t raw | voiceflow stream', does: 'the microphone, on Linux' },
    {
      command: 'ffmpeg -v error -i http://… -f s16le -ac 1 -ar 16000 - | voiceflow stream',
      does: 'anything that ffmpeg reads',
    },
    { command: 'voiceflow stream --input meeting.wav --realtime', does: 'see how it would have been' },
    {
      command: 'voiceflow stream -i meeting.wav | jq -c \'select(.type == "turn-end")\'',
      does: 'final turns only',
    },
  ],
  async run(values, positionals, context) {
    if (positionals.length > 0) {
      throw new UsageError(`stream takes no FILE, but was given ${positionals[0]}`, 'Name it with --input');
    }
    const { latency, step } = values;
    if (step !== undefined && latency !== undefined && step > latency) {
      throw new UsageError(`--step ${step} is more than --latency ${latency}`);
    }
    const naming = await readNaming(values);
    await using diarizer = await openDiarizer(values, context.signal);
    await using second = await openSecond(values, context.signal);
    await follow({ diarizer, second }, values, naming, context);
    return EXIT.done;
  },
});

interface Engines {
  readonly diarizer: Diarizer;
  /** Diarizes the whole audio again when the session ends. */
  readonly second: Diarizer | undefined;
}

/** Opened before the session, so that a missing model is reported at once and not at the end of the session. */
async function openSecond(values: Given, signal: AbortSignal): Promise<Diarizer | undefined> {
  const model = values['recluster-with'];
  return model === undefined ? undefined : openDiarizer({ ...values, model }, signal);
}

async function follow(
  { diarizer, second }: Engines,
  values: Given,
  naming: Pick<LiveOptions, 'known' | 'falseNames'>,
  { io, signal }: Context,
): Promise<void> {
  const path = values.input ?? '-';
  const input = await onFile(path, () => openLive(path, pcmFormat(values, path)));
  const session = diarizer.open({
    sampleRate: input.sampleRate,
    ...naming,
    keepAudio: second ? KEPT_SECONDS : 0,
    ...sessionOptions(values),
  });
  const told = tell(session, io);
  // Its error is thrown by the `await` below; until then it must not count as an unhandled rejection.
  told.catch(() => {});
  try {
    await onFile(path, () => listen(input, session, values.realtime, signal));
    const result = await session.end({ recluster: second ?? values.recluster });
    await told;
    await io.out(`${JSON.stringify({ type: 'end', ...summary(result) })}\n`);
  } finally {
    await session.close();
    await input.close();
  }
}

/** Standard input is PCM. A file is PCM only when its rate or encoding is given. */
function pcmFormat({ rate, encoding }: Given, path: string): PcmFormat | undefined {
  if (path !== '-' && rate === undefined && encoding === undefined) return undefined;
  return { sampleRate: rate ?? DEFAULT_RATE, encoding: encoding ?? 's16le' };
}

function sessionOptions({ latency, step, max }: Given): Partial<LiveOptions> {
  return { latency, step, maxSpeakers: max };
}

async function tell(session: DiarizationSession, io: Io): Promise<void> {
  for await (const event of session) await io.out(`${JSON.stringify(event)}\n`);
}

/** Pushes until the input ends or the signal fires. */
async function listen(
  input: LiveInput,
  session: DiarizationSession,
  realtime: boolean,
  signal: AbortSignal,
): Promise<void> {
  const stopped = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  const begun = performance.now();
  const piece = realtime ? Math.round(PIECE * input.sampleRate) : Number.POSITIVE_INFINITY;
  let pushed = 0;
  for (;;) {
    const samples = await Promise.race([stopped, input.read()]);
    if (samples === null) return;
    for (let at = 0; at < samples.length && !signal.aborted; at += piece) {
      const part = samples.subarray(at, at + piece);
      pushed += part.length;
      const wait = begun + (1000 * pushed) / input.sampleRate - performance.now();
      if (realtime && wait > 0) await sleep(wait, undefined, { signal }).catch(() => {});
      await session.push(part);
    }
  }
}

/** The result as JSON, without the embeddings. */
function summary(result: LiveDiarization) {
  const { speakers, ...json } = result.toJSON();
  return { ...json, speakers: speakers.map(({ embedding: _, ...speaker }) => speaker), labels: result.labels };
}
