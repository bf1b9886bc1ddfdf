import { createRequire } from 'node:module';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import { VoiceFlowError } from '../../contract/errors.ts';
import { messageOf } from './failure.ts';

/**
 * onnxruntime-node ≥ 1.29 has telemetry: unless this variable is true (or `CI` is set), the first session writes a
 * device id and a database in the home folder, and looks up the address of the collector. There is no other switch in
 * JavaScript.
 */
const VARIABLE = 'ORT_DISABLE_TELEMETRY';

const HINT = `set ${VARIABLE}=1 in the environment before the program starts, or ${VARIABLE}=0 to allow the telemetry`;

/** The subset of `bun:ffi` that is used. */
interface BunFfi {
  dlopen(
    library: string,
    symbols: Record<string, { args: readonly string[]; returns: string }>,
  ): { readonly symbols: Record<string, (...args: unknown[]) => number>; close(): void };
}

/**
 * Turns off the telemetry of ONNX Runtime for this process. Must be called before the first session. Does nothing if
 * the user has set the variable (`ORT_DISABLE_TELEMETRY=0` allows telemetry).
 * @throws `backend-unavailable` if this is not possible: in a Node worker thread, which has a copy of the environment,
 *   and on Deno without permission for the variable.
 */
export function disableTelemetry(): void {
  if (read()) return;
  if (!isMainThread && !('Bun' in globalThis) && !('Deno' in globalThis)) {
    throw cannot('a worker thread of Node cannot set the environment of its process');
  }
  try {
    const { Deno } = globalThis as { Deno?: { env: { set(name: string, value: string): void } } };
    // In threads, Deno's `process.env` is a copy, but `Deno.env` is not.
    if (Deno) Deno.env.set(VARIABLE, '1');
    else process.env[VARIABLE] = '1';
    if ('Bun' in globalThis) setNative();
  } catch (cause) {
    throw cannot(messageOf(cause), cause);
  }
}

function read(): string | undefined {
  try {
    return process.env[VARIABLE];
  } catch {
    return undefined; // Deno without permission: setting the variable then reports the error.
  }
}

/** Sets the variable with native calls: Bun's `process.env` is a copy that native code does not see. */
function setNative(): void {
  const { dlopen } = createRequire(pathToFileURL('./'))('bun:ffi') as BunFfi;
  const [name, value] = [`${VARIABLE}\0`, '1\0'].map((text) => new TextEncoder().encode(text));
  if (process.platform === 'win32') {
    const library = dlopen('kernel32.dll', { SetEnvironmentVariableA: { args: ['ptr', 'ptr'], returns: 'i32' } });
    library.symbols.SetEnvironmentVariableA?.(name, value);
    library.close();
    return;
  }
  const libc = process.platform === 'darwin' ? 'libSystem.B.dylib' : 'libc.so.6';
  const library = dlopen(libc, { setenv: { args: ['ptr', 'ptr', 'i32'], returns: 'i32' } });
  library.symbols.setenv?.(name, value, 1);
  library.close();
}

function cannot(why: string, cause?: unknown): VoiceFlowError {
  const message = `the telemetry of ONNX Runtime cannot be turned off: ${why}`;
  return new VoiceFlowError('backend-unavailable', message, { hint: HINT, cause });
}
