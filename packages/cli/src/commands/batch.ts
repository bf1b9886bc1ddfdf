import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { choice, integer, requiredText, UsageError } from '@voiceflow-ml/server/args';
import type { VoiceFlowClient } from '@voiceflow-ml/server/client';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { type Context, defineCommand } from '../command.ts';
import { inOrder } from '../diarize/in-order.ts';
import { EXIT, explain, isAbort } from '../errors.ts';
import { findInputs, type Input } from '../files/inputs.ts';
import { statsOf } from '../files/open.ts';
import { writeFileAtomic } from '../files/write.ts';
import { ProgressLine } from '../progress.ts';
import { clock } from '../render/axis.ts';
import { openServer, SERVER_OPTIONS, SUBMIT_OPTIONS, submitOptions } from '../server.ts';
import { FORMATS, openFile } from './jobs.ts';

/** Delay between retries, in milliseconds, while the server is full or unreachable. */
const RETRY_MS = 2_000;
const MOST_TRIES = 30;

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
    'Submits each recording to the server as a job and writes its result to a file. A recording whose result file exists is skipped, and one that was submitted before is not submitted again, so an interrupted batch can be continued by running it again. A recording that fails does not stop the others; the exit code is then 1.',
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
    const client = openServer(values.server);
    const format = values.format ?? 'json';
    const { io, signal } = context;
    const inputs = await findInputs(positionals);
    const progress = new ProgressLine(io, inputs.length, clock);
    let failures = 0;
    const work = (input: Input) => {
      const file = join(values.out, `${input.name}.${format}`);
      const done = run(client, input, file, format, submitOptions(values), context, progress);
      return done.finally(() => progress.finish(input.path));
    };
    await inOrder(
      inputs,
      values['at-once'] ?? 8,
      work,
      async (outcome, input) => {
        if (outcome.status === 'fulfilled' || (signal.aborted && isAbort(outcome.reason))) return;
        failures++;
        progress.clear();
        io.err(`voiceflow: ${explain(outcome.reason, input.path)}\n`);
      },
      signal,
    );
    progress.clear();
    return failures === 0 ? EXIT.done : EXIT.failed;
  },
});

async function run(
  client: VoiceFlowClient,
  input: Input,
  file: string,
  format: (typeof FORMATS)[number],
  options: ReturnType<typeof submitOptions>,
  { signal }: Context,
  progress: ProgressLine,
): Promise<void> {
  if (input.error !== undefined) throw input.error;
  if ((await statsOf(file)) !== undefined) return;
  const audio = await openFile(input.path);
  const { mtimeMs, size } = await stat(input.path);
  const what = JSON.stringify([resolve(input.path), size, mtimeMs, options]);
  const idempotencyKey = createHash('sha256').update(what).digest('hex');
  const { id } = await withRetries(signal, () =>
    client.jobs.submit(audio, { ...options, metadata: { file: input.path }, idempotencyKey, signal }),
  );
  const onChange = (job: { readonly progress: { readonly done: number; readonly total?: number } | null }) => {
    if (job.progress !== null) progress.update(input.path, job.progress);
  };
  const result = await client.jobs.wait(id, { signal, onChange });
  const text = format === 'json' ? `${JSON.stringify(result)}\n` : await client.jobs.result(id, format, { signal });
  await writeFileAtomic(file, text);
}

/** Retries while the server is full or unreachable: a batch must survive a restart of the server. */
async function withRetries<T>(signal: AbortSignal, request: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (error) {
      const isTemporary =
        VoiceFlowError.isInstance(error) &&
        ['overloaded', 'backend-unavailable', 'quota-exceeded'].includes(error.code);
      if (!isTemporary || tries === MOST_TRIES || signal.aborted) throw error;
      await new Promise((done) => setTimeout(done, RETRY_MS));
    }
  }
}
