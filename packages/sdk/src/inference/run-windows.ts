import type { AudioSource } from '../contract/audio.ts';
import type { Tensor } from '../contract/backend.ts';
import { throwIfAborted, VoiceFlowError } from '../contract/errors.ts';
import { abortable } from '../contract/on-abort.ts';
import type { WindowRunner } from './window-runner.ts';

/**
 * Pushes all audio of a source to a runner.
 * @returns Milliseconds of waiting for audio. @throws `aborted`; errors of the source and of the runner.
 */
export async function pushAll(
  source: AudioSource,
  runner: Pick<WindowRunner, 'push' | 'end' | 'settled'>,
  signal: AbortSignal | undefined,
): Promise<number> {
  let decode = 0;
  try {
    for (;;) {
      throwIfAborted(signal);
      const before = performance.now();
      const chunk = await abortable(source.read(), signal);
      decode += performance.now() - before;
      if (chunk === null) break;
      await runner.push(chunk);
    }
    await runner.end();
  } finally {
    await runner.settled();
  }
  return decode;
}

/**
 * Returns the float32 data of an output.
 * @throws `model-incompatible` if it is absent or has the wrong size; `backend-failed` if a number is not finite, which
 *   later steps would treat as silence or as an error of the caller.
 */
export function floats(outputs: Record<string, Tensor>, name: string, size: number): Float32Array {
  const tensor = outputs[name];
  if (tensor?.type === 'float32' && tensor.data.length === size) {
    checkFinite(tensor.data, name);
    return tensor.data;
  }
  const seen = tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'missing';
  throw new VoiceFlowError('model-incompatible', `output "${name}" is ${seen}, expected ${size} float32 numbers`);
}

/** @param name Name of the output. @throws `backend-failed` if a number is not finite. */
export function checkFinite(data: Float32Array, name: string): void {
  // The sum is finite if and only if all numbers are: a sum of finite float32 numbers cannot overflow a double.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i]!;
  if (Number.isFinite(sum)) return;
  const at = data.findIndex((value) => !Number.isFinite(value));
  throw new VoiceFlowError(
    'backend-failed',
    `the network's output "${name}" is ${data[at]} at index ${at}, expected finite numbers`,
    { hint: 'try another backend, or check the weights: a valid network outputs finite numbers for any audio' },
  );
}
