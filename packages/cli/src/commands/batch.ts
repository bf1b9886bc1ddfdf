import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
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
    'Submits each recording to the server as a job and writes its result to a file. A recording whose result file exists is skipped, and one that was submitted before is not submitted again unless its job failed, so an interrupted batch can be continued by running it again. A recording that fails does not stop the others; the exit code is then 1.',
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
    const batch = {
      client,
      format,
      options: submitOptions(values),
      progress,
      away,
      signal: AbortSignal.any([signal, away.signal]),
    };
    void reportAway(batch, io);
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
    if (away.signal.aborted) io.err('voiceflow: the batch ended early; run it again to continue\n');
    progress.clear();
    return failures === 0 ? EXIT.done : EXIT.failed;
  },
});

interface Batch {
  readonly client: VoiceFlowClient;
  readonly format: (typeof FORMATS)[number];
  readonly options: ReturnType<typeof submitOptions>;
  readonly progress: ProgressLine;
  /** Stops the batch when the server has been away for too long: the other recordings would wait for it in vain. */
  readonly away: AbortController;
  /** Fires on Ctrl-C and by `away`. */
  readonly signal: AbortSignal;
}

async function run({ input, file, fileId }: Output, batch: Batch): Promise<void> {
  const { client, format, progress, away, signal } = batch;
  if (input.error !== undefined) throw input.error;
  if (file === undefined || (await statsOf(file)) !== undefined) return;
  const audio = await openFile(input.path);
  const { mtimeMs, size } = await stat(input.path);
  const options = { ...batch.options, uri: uriOf(fileId) };
  const what = JSON.stringify([resolve(input.path), size, mtimeMs, options]);
  const idempotencyKey = createHash('sha256').update(what).digest('hex');
  const metadata = { file: input.path };
  const id = await submit(client, audio, { ...options, metadata, idempotencyKey, signal }).catch((error: unknown) => {
    if (isAway(error)) away.abort(error);
    throw error;
  });
  const onChange = (job: JobJson) => {
    if (job.progress !== null) progress.update(input.path, job.progress);
  };
  const result = await client.jobs.wait(id, { signal, onChange });
  await writeFileAtomic(file, textOf(result, format, fileId));
}

function textOf(result: DiarizeJson, format: Batch['format'], fileId: string): string {
  if (format === 'json') return `${JSON.stringify(result)}\n`;
  const turns = parseTurnsJson(result);
  return { rttm: () => toRttm(turns, fileId), srt: () => toSrt(turns), vtt: () => toVtt(turns) }[format]();
}

/** @returns The id of the job: a new one, or that of an earlier batch unless it ended without a result. */
async function submit({ jobs }: VoiceFlowClient, audio: Blob, options: ClientSubmitOptions): Promise<string> {
  const job = await jobs.submit(audio, options);
  if (job.state !== 'failed' && job.state !== 'canceled') return job.id;
  await jobs.cancel(job.id, { signal: options.signal });
  return (await jobs.submit(audio, options)).id;
}

/** Says at once that the server cannot be reached: submissions are repeated for a while before they fail. */
async function reportAway({ client, signal }: Batch, io: Io): Promise<void> {
  await client.jobs.list({ limit: 1, signal }).catch((error: unknown) => {
    if (isAway(error)) io.err(`voiceflow: ${explain(error)} Trying again for about a minute.\n`);
  });
}

function isAway(error: unknown): boolean {
  return error instanceof RequestError && error.status === 0;
}
