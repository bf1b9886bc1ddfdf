import type { Backend, Model, Tensor } from '../contract/backend.ts';
import { type ErrorCode, VoiceFlowError } from '../contract/errors.ts';

/** The suite's own assertions, since it must run with any test runner or without one. */

/** Tests by name. Each creates its backend, and rejects with the actual and the expected result. */
export type Cases = Readonly<Record<string, (create: () => Promise<Backend>) => Promise<void>>>;

/** Makes a test that loads a model, uses it and closes it. */
export function withModel(
  { bytes, workers }: { readonly bytes: () => Uint8Array; readonly workers?: number },
  use: (model: Model) => Promise<void>,
): Cases[string] {
  return async (create) => {
    const backend = await create();
    const model = await backend.load({ name: 'test model', bytes: bytes() }, { workers });
    try {
      await use(model);
    } finally {
      await model.close();
    }
  };
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const [given, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(given === wanted, `${what}: got ${given}, expected ${wanted}`);
}

/** Checks that a promise rejects with a VoiceFlowError with this code and a non-empty message. */
export async function checkRejects(promise: Promise<unknown>, code: ErrorCode, what: string): Promise<VoiceFlowError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  check(error !== undefined, `${what}: it was done, expected the error ${code}`);
  check(VoiceFlowError.isInstance(error), `${what}: got ${String(error)}, expected a VoiceFlowError`);
  check(error.code === code, `${what}: got ${error.code} (${error.message}), expected ${code}`);
  check(error.message.length > 0, `${what}: the error has no message`);
  return error;
}

/** Maximum difference between a network's outputs and the same computation in double precision. */
const TOLERANCE = 1e-5;

export function checkClose(actual: Float32Array, expected: Float32Array, what: string): void {
  checkEqual(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i += 1) {
    const [given, wanted] = [actual[i] ?? Number.NaN, expected[i] ?? Number.NaN];
    check(Math.abs(given - wanted) <= TOLERANCE, `${what}: value ${i} is ${given}, expected ${wanted}`);
  }
}

/** The float32 output of this name. */
export function floats(outputs: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const tensor = outputs[name];
  check(tensor !== undefined, `no output "${name}" among ${Object.keys(outputs).join(', ')}`);
  check(tensor.type === 'float32' && tensor.data instanceof Float32Array, `"${name}" is ${tensor.type}`);
  return tensor.data;
}
