import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { WORKER_FLAGS } from '../../engine/processes/v8.ts';
import type { WorkerCommand } from '../../engine/processes/worker-process.ts';
import type { ResolvedOptions } from './options.ts';

/** The command with which the current runtime starts a worker process. */
export function workerCommand({ model, backend }: Pick<ResolvedOptions, 'model' | 'backend'>): WorkerCommand {
  const file = fileURLToPath(new URL('./worker.js', import.meta.url));
  const args = 'Deno' in globalThis ? ['run', '--allow-all', file] : [...WORKER_FLAGS, file];
  return { command: process.execPath, args, env: { VOICEFLOW_MODEL: model, VOICEFLOW_BACKEND: backend } };
}
