/**
 * @module A worker that fails on purpose, for tests and `bench`. `VOICEFLOW_FAULTS` has its options as JSON: `{"toy":
 * true}` for the runner without a model, `{"faults": ["throw", "hang", "exit"], "everyMs": 2000}` for faults of the
 * real runner.
 */
import process from 'node:process';
import { runWorker, startModel, type Worker } from '../engine/processes/run-worker.ts';
import { type Fault, toyRunner, withFaults } from './faults.ts';

interface Plan {
  readonly toy?: boolean;
  readonly faults?: readonly Fault[];
  readonly everyMs?: number;
}

const plan = JSON.parse(process.env.VOICEFLOW_FAULTS ?? '{}') as Plan;

const manifest: Worker['info']['manifest'] = {
  id: 'toy',
  version: '1',
  space: 'toy',
  license: 'Apache-2.0',
  pipeline: 'toy',
  sampleRate: 48_000,
  files: {},
  inputs: [],
  outputs: [],
  settings: {},
};

await runWorker(async () => {
  if (plan.toy) return { runner: toyRunner, info: { manifest, backend: 'toy' }, close: async () => {} };
  const worker = await startModel();
  return { ...worker, runner: withFaults(worker.runner, plan.faults ?? [], plan.everyMs ?? 2_000) };
});
