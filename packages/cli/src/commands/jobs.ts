import { constants, openAsBlob } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, parse } from 'node:path';
import { choice, integer, UsageError, unknownAction, type Values } from '@voiceflow-ml/server/args';
import { RequestError, type VoiceFlowClient } from '@voiceflow-ml/server/client';
import { type Context, defineCommand } from '../command.ts';
import { EXIT, explainSystemError, FileError } from '../errors.ts';
import { showProgress } from '../progress.ts';
import { clock } from '../render/axis.ts';
import { openServer, SERVER_OPTIONS, SUBMIT_OPTIONS, submitOptions, uriOf } from '../server.ts';

/** The formats in which a server gives a result. */
export const FORMATS = ['json', 'rttm', 'srt', 'vtt'] as const;

const options = {
  ...SERVER_OPTIONS,
  ...SUBMIT_OPTIONS,
  format: choice(FORMATS, 'wait: format of the result (default json)'),
  limit: integer([1, 100], 'N', 'status: largest number of jobs to print (default 20)'),
};

type JobsValues = Values<typeof options>;

export const jobs = defineCommand({
  usage: 'submit FILE-or-URL | status [ID] | wait ID | cancel ID',
  details: [
    'submit prints the id of the job; status prints jobs as lines of JSON; wait waits for a job to end and prints its result; cancel stops a job, or removes one that has ended. The API key is read from VOICEFLOW_API_KEY.',
  ],
  options,
  examples: [
    { command: 'voiceflow jobs submit call.wav --server https://voices.example', does: 'submit a recording' },
    {
      command: 'voiceflow jobs wait "$(voiceflow jobs submit call.wav)" --format rttm',
      does: 'submit a recording and wait for its turns',
    },
  ],
  async run(values, [action = '', ...rest], context) {
    const run = ACTIONS.get(action);
    if (run === undefined) throw unknownAction('jobs', action, [...ACTIONS.keys()]);
    const [target, ...more] = rest;
    if (more.length > 0) throw new UsageError(`jobs ${action} takes one argument, received ${rest.length}`);
    await run(openServer(values.server), target, values, context);
    return EXIT.done;
  },
});

type Action = (
  client: VoiceFlowClient,
  target: string | undefined,
  values: JobsValues,
  context: Context,
) => Promise<void>;

const submit: Action = async (client, target, values, { io, signal }) => {
  const file = required(target, 'FILE or URL');
  const isUrl = /^https?:\/\//.test(file);
  const audio = isUrl ? { url: file } : await openFile(file);
  const metadata = { file: isUrl ? file : basename(file) };
  const uri = uriOf(isUrl ? nameInUrl(file) : parse(file).name);
  const { id } = await client.jobs.submit(audio, { ...submitOptions(values), uri, metadata, signal });
  await io.out(`${id}\n`);
};

const status: Action = async (client, target, values, { io, signal }) => {
  const shown =
    target === undefined
      ? (await client.jobs.list({ limit: values.limit ?? 20, signal })).jobs
      : [await client.jobs.get(target, { signal })];
  for (const { result: _, ...job } of shown) await io.out(`${JSON.stringify(job)}\n`);
};

const wait: Action = async (client, target, { format = 'json' }, { io, signal }) => {
  const id = required(target, 'ID of the job');
  // A wrong address fails at once; `wait` asks again until the server can be reached. A full server has been reached.
  await client.jobs.get(id, { signal }).catch((error: unknown) => {
    if (!RequestError.isTemporary(error) || error.status === 0) throw error;
  });
  const result = await showProgress(io, id, clock, (onProgress) =>
    client.jobs.wait(id, { signal, onChange: ({ progress }) => progress !== null && onProgress(progress) }),
  );
  await io.out(format === 'json' ? `${JSON.stringify(result)}\n` : await client.jobs.result(id, format, { signal }));
};

const cancel: Action = async (client, target, _, { signal }) => {
  await client.jobs.cancel(required(target, 'ID of the job'), { signal });
};

const ACTIONS: ReadonlyMap<string, Action> = new Map(Object.entries({ submit, status, wait, cancel }));

function required(target: string | undefined, what: string): string {
  if (target === undefined || target === '') throw new UsageError(`${what} is missing`);
  return target;
}

/** The name of the recording at an address, without extension; empty when the server will refuse the address. */
export function nameInUrl(url: string): string {
  if (!URL.canParse(url)) return '';
  const { name } = parse(new URL(url).pathname);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** Opens a file for upload in slices; it is never read as a whole. */
export async function openFile(path: string): Promise<Blob> {
  try {
    // For a missing file, openAsBlob throws an error without a code.
    await access(path, constants.R_OK);
    return await openAsBlob(path);
  } catch (cause) {
    throw new FileError(`${path}: ${explainSystemError(cause)}`, { hint: 'Check the path', cause });
  }
}
