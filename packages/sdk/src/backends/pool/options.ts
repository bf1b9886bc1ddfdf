import type { ModelFile } from '../../contract/backend.ts';
import { VoiceFlowError } from '../../contract/errors.ts';

/** More threads than any machine has use for; a typo must not start a million. */
const MAX_THREADS = 256;

/** Beyond this many, workers cost memory (native 30 MB each, WebAssembly 130) that few programs mean to spend unasked. */
const DEFAULT_WORKERS = 4;

/**
 * Workers of a pool where nobody asked for a number. Programs that know more of what they do choose their own: the
 * command, the server, the worker for jobs (docs/decisions/017-number-of-workers.md). @param processors Of this host.
 */
export function defaultWorkers(processors: number): number {
  return Math.max(1, Math.min(processors, DEFAULT_WORKERS));
}

/** @throws `invalid-option` unless `count` is a whole number of 1–256. */
export function checkThreads(name: 'workers' | 'threads', count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= MAX_THREADS) return count;
  throw new VoiceFlowError('invalid-option', `${name} is ${count}: a whole number of 1–${MAX_THREADS} is expected`, {
    hint: 'leave it out for a number that suits the machine',
  });
}

/** For programs without types. @throws `invalid-option` unless it has a name and bytes. */
export function checkModelFile(model: ModelFile): ModelFile {
  if (model?.bytes instanceof Uint8Array) return model;
  throw new VoiceFlowError('invalid-option', 'the model has no `bytes` of type Uint8Array', {
    hint: 'read the .onnx file first: load({ name, bytes })',
  });
}
