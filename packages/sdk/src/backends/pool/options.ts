import type { ModelFile } from '../../contract/backend.ts';
import { invalidOption } from '../../contract/errors.ts';

/** Upper limit for thread counts, so that a typo does not start a million threads. */
const MAX_THREADS = 256;

/** Maximum default number of workers, to bound memory (30 MB each for native, 130 MB for WebAssembly). */
const DEFAULT_WORKERS = 4;

/**
 * Default number of workers of a pool. The command, the server and the job worker choose their own number
 * (docs/decisions/017-number-of-workers.md). @param processors Number of processors of this host.
 */
export function defaultWorkers(processors: number): number {
  return Math.max(1, Math.min(processors, DEFAULT_WORKERS));
}

/** @throws `invalid-option` unless `count` is an integer in 1–256. */
export function checkThreads(name: 'workers' | 'threads', count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_THREADS) return count;
  throw invalidOption(
    `${name} is ${count}, expected a whole number from 1 to ${MAX_THREADS}`,
    'omit it for a number that fits the machine',
  );
}

/** Validates a model file at run time. @throws `invalid-option` unless it has bytes. */
export function checkModelFile(model: ModelFile): ModelFile {
  if (model?.bytes instanceof Uint8Array) return model;
  throw invalidOption(
    'the model has no `bytes` of type Uint8Array',
    'read the .onnx file first: load({ name, bytes })',
  );
}
