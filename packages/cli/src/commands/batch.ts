import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { choice, integer, requiredText, UsageError } from '@voiceflow-ml/server/args';
import {
  type ClientSubmitOptions,
  type DiarizeJson,
  type JobJson,
  RequestError,
  type VoiceFlowClient,
} from '@voiceflow-ml/server/client';
import { parseTurnsJson, toRttm, toSrt, toVtt } from 'voiceflow-ml/core';
import { defineCommand } from '../command.ts';
import { inOrder } from '../diarize/in-order.ts';
import { type Output, planOutputs } from '../diarize/outputs.ts';
import { EXIT, explain, isAbort } from '../errors.ts';
import { findInputs } from '../files/inputs.ts';
import { statsOf } from '../files/open.ts';
import { writeFileAtomic } from '../files/write.ts';
import type { Io } from '../io.ts';
import { ProgressLine } from '../progress.ts';
import { clock } from '../render/axis.ts';
import { openServer, SERVER_OPTIONS, SUBMIT_OPTIONS, submitOptions, uriOf } from '../server.ts';
import { FORMATS, openFile } from './jobs.ts';

const options = {
  ...SERVER_OPTIONS,
  ...SUBMIT_OPTIONS,
  out: requiredText('DIR', 'folder for the results, which are named like the recordings'),
  format: choice(FORMATS, 'format of the results (default json)'),
  'at-once': integer([1, 256], 'N', 'largest number of jobs at once (default 8)'),
};

export const batch = defineCommand({
  usage: 'FOLDER… --out DIR --server URL',
  details: [
    'Submits each recording to the server as a job and writes its result to a file. A recording whose result file exists is skipped (results get the extension of the recording once the folder has two of one name: p.wav is then processed again for p.wav.json), and one that was submitted before is not submitted again unless its job failed, so an interrupted batch can be continued by running it again. A recording that fails does not stop the others; the exit code is then 1. While the server is full, the batch waits; when it cannot be reached for about a minute, the batch ends.',
  ],
  options,
  examples: [
    { command: 'voiceflow batch archive/ --out results --server https://voices.example', does: 'process an archive' },
    {
      command: 'voiceflow batch archive/ --out results --format rttm --at-once 64',
      does: 'for a server with many workers',
    },
  ],
  async run(values, positionals, context) {
    if (positionals.length === 0) throw new UsageError('batch needs a FOLDER with recordings');
    if (values.out === '-') throw new UsageError('batch writes files, expected a folder as --out');
    const client = openServer(values.server);
    const { io, signal } = context;
    const format = values.format ?? 'json';
    const outputs = await planOutputs(await findInputs(positionals), { out: values.out, format });
    const progress = new ProgressLine(io, outputs.length, clock);
    const away = new AbortController();
    const batch: Batch = {
      client,
      format,
      options: submitOptions(values),
      progress,
      io,
      told: new Set(),
      away,
      signal: AbortSignal.any([signal, away.signal]),
    };
    let failures = 0;
    await inOrder(
      outputs,
      values['at-once'] ?? 8,
      (output) => run(output, batch).finally(() => progress.finish(output.input.path)),
      async (outcome, { input }) => {
        if (outcome.status === 'fulfilled' || (batch.signal.aborted && isAbort(outcome.reason))) return;
        failures++;
        progress.clear();
        io.err(`voiceflow: ${explain(outcome.reason, input.path)}\n`);
      },
      batch.signal,
    );
    progress.clear();
    if (away.signal.aborted) {
      io.err(`voiceflow: ${explain(away.signal.reason)} The batch ended early; run it again to continue\n`);
    }
    return failures === 0 && !away.signal.aborted ? EXIT.done : EXIT.failed;
  },
});

/** Milliseconds of pauses after which a server that cannot be reached is away; the next pauses make it a minute. */
const AWAY_MS = 50_000;

type BatchSubmitOptions = ClientSubmitOptions & Required<Pick<ClientSubmitOptions, 'signal' | 'onRetry'>>;

interface Batch {
  readonly client: VoiceFlowClient;
  readonly format: (typeof FORMATS)[number];
  readonly options: ReturnType<typeof submitOptions>;
  readonly progress: ProgressLine;
  readonly io: Io;
  /** The reasons for waiting that have been printed: each once, not for each recording. */
  readonly told: Set<string>;
  /** Stops the batch when the server has been away for too long: the other recordings would wait for it in vain. */
  readonly away: AbortController;
  /** Fires on Ctrl-C and by `away`. */
  readonly signal: AbortSignal;
}

async function run({ input, file, fileId }: Output, batch: Batch): Promise<void> {
  const { client, format, progress, signal } = batch;
  if (input.error !== undefined) throw input.error;
  if (file === undefined || (await statsOf(file)) !== undefined) return;
  const audio = await openFile(input.path);
  const { mtimeMs, size } = await stat(input.path);
  const options = { ...batch.options, uri: uriOf(fileId) };
  const what = JSON.stringify([resolve(input.path), size, mtimeMs, options]);
  const idempotencyKey = createHash('sha256').update(what).digest('hex');
  const metadata = { file: input.path };
  const onRetry = (error: RequestError, pausedMs: number) => {
    sayWhy(error, input.path, batch);
    if (pausedMs > AWAY_MS) void endIfAway(error, batch);
  };
  const submission = { ...options, metadata, idempotencyKey, signal, onRetry };
  const id = await submit(client, audio, submission).catch(async (error: unknown) => {
    await endIfAway(error, batch);
    throw error;
  });
  const onChange = (job: JobJson) => {
    if (job.progress !== null) progress.update(input.path, job.progress);
  };
  const result = await client.jobs.wait(id, { signal, onChange, onRetry });
  await writeFileAtomic(file, textOf(result, format, fileId));
}

function textOf(result: DiarizeJson, format: Batch['format'], fileId: string): string {
  if (format === 'json') return `${JSON.stringify(result)}\n`;
  const turns = parseTurnsJson(result);
  return { rttm: () => toRttm(turns, fileId), srt: () => toSrt(turns), vtt: () => toVtt(turns) }[format]();
}

/** @returns The id of the job: a new one, or that of an earlier batch unless it ended without a result. */
async function submit(client: VoiceFlowClient, audio: Blob, options: BatchSubmitOptions): Promise<string> {
  const job = await accepted(client, audio, options);
  if (job.state !== 'failed' && job.state !== 'canceled') return job.id;
  await client.jobs.cancel(job.id, { signal: options.signal });
  return (await accepted(client, audio, options)).id;
}

/** Submits a recording; while the server is full or a quota is used up, waits, however long that takes. */
async function accepted({ jobs }: VoiceFlowClient, audio: Blob, options: BatchSubmitOptions): Promise<JobJson> {
  for (;;) {
    try {
      return await jobs.submit(audio, options);
    } catch (error) {
      if (!(error instanceof RequestError) || !isFull(error)) throw error;
      options.onRetry(error, 0);
      await sleep(1000 * Math.min(Math.max(error.retryAfter ?? 0, 10), 600), undefined, { signal: options.signal });
    }
  }
}

function sayWhy(error: RequestError, path: string, { told, progress, io }: Batch): void {
  const kind = isAway(error) ? 'away' : error.code;
  if (told.has(kind)) return;
  told.add(kind);
  progress.clear();
  io.err(`voiceflow: ${explain(error, path)} ${isAway(error) ? 'Trying again for about a minute' : 'Trying again'}.\n`);
}

/** Ends the batch if the server cannot be reached. An error of one upload alone does not say so. */
async function endIfAway(error: unknown, { client, away, signal }: Batch): Promise<void> {
  if (!isAway(error)) return;
  const answer: unknown = await client.jobs.list({ limit: 1, signal }).catch((reason: unknown) => reason);
  if (isAway(answer)) away.abort(error);
}

function isAway(error: unknown): boolean {
  return error instanceof RequestError && error.status === 0;
}

function isFull({ code }: RequestError): boolean {
  return code === 'overloaded' || code === 'quota-exceeded';
}
