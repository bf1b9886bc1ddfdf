import { readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import { noise, seededRandom } from '../stats/random.ts';

/** How long one kind of operator takes, in all. */
export interface OperatorShare {
  readonly operator: string;
  /** Milliseconds in one run. */
  readonly time: number;
  /** Of the whole run, 0–1. */
  readonly share: number;
}

/** Sums the kernel times of ONNX Runtime's profile (lines of JSON objects) by operator, slowest first. */
export function operatorShares(profile: string, runs: number): OperatorShare[] {
  const sums = new Map<string, number>();
  let total = 0;
  for (const line of profile.split('\n')) {
    const duration = /_kernel_time"/.test(line) ? /"dur"\s*:\s*(\d+)/.exec(line)?.[1] : undefined;
    const operator = /"op_name"\s*:\s*"([^"]+)"/.exec(line)?.[1];
    // `If` contains the kernels of its branch, which are listed too.
    if (duration === undefined || operator === undefined || operator === 'If') continue;
    // One runtime fuses the activation into the convolution under this name, the other under the old one.
    const name = operator.replace(/^Fused/, '');
    sums.set(name, (sums.get(name) ?? 0) + Number(duration) / 1000);
    total += Number(duration) / 1000;
  }
  return [...sums]
    .map(([operator, time]) => ({ operator, time: time / runs, share: time / total }))
    .sort((a, b) => b.time - a.time);
}

interface Ort {
  readonly InferenceSession: {
    create(bytes: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/**
 * Runs a network with the profiler on, in this process; the profile of the native runtime comes back as text, that of
 * WASM is printed to the console by the runtime itself, which is why the caller runs this as a process of its own.
 */
export async function runProfiled(engine: 'native' | 'wasm', bytes: Uint8Array, runs: number): Promise<string> {
  const ort: Ort = engine === 'native' ? await import('onnxruntime-node') : await import('onnxruntime-web');
  if (engine === 'wasm') await prepareWasm();
  const prefix = join(tmpdir(), `voiceflow-profile-${process.pid}`);
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' } as const;
  const audio = noise(48_000, seededRandom(1));
  const feeds = (): Record<string, Tensor> => ({ audio: new ort.Tensor('float32', audio.slice(), [1, audio.length]) });

  // A session of its own makes the code warm: the profiler cannot be switched on later.
  const warm = await ort.InferenceSession.create(bytes, options);
  for (let run = 0; run < runs; run++) await warm.run(feeds());
  await warm.release();
  const session = await ort.InferenceSession.create(bytes, {
    ...options,
    enableProfiling: true,
    profileFilePrefix: prefix,
  });
  for (let run = 0; run < runs; run++) await session.run(feeds());
  session.endProfiling();
  await session.release();
  return engine === 'native' ? takeProfile(prefix) : '';
}

/** As the backend does: one thread, its tuned kernel. */
async function prepareWasm(): Promise<void> {
  const { env } = await import('onnxruntime-web');
  const { tune } = await import('voiceflow-ml/backends/wasm');
  const wasm = await readFile(createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm'));
  env.wasm.numThreads = 1;
  if (tune(wasm)) env.wasm.wasmBinary = wasm;
}

async function takeProfile(prefix: string): Promise<string> {
  const name = (await readdir(tmpdir())).find((file) => join(tmpdir(), file).startsWith(prefix));
  if (name === undefined) return '';
  const path = join(tmpdir(), name);
  const text = await readFile(path, 'utf8');
  await rm(path);
  return text;
}
