import { Console } from 'node:console';
import { openAsBlob } from 'node:fs';
import { Socket } from 'node:net';
import process from 'node:process';
import {
  type Backend,
  createDiarizer,
  fastCnn,
  type Model,
  type ModelPackage,
  openAudio,
  standard,
  VoiceFlowError,
  wasmBackend,
} from 'voiceflow-ml';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { installedModel, MODEL_NAMES, PULLED_MODELS } from 'voiceflow-ml/installed';
import { TaskRunner } from '../runner/runner.ts';
import { FRAMES_FD } from './messages.ts';
import { recordRun } from './run-record.ts';
import { type Started, serveTasks } from './serve-tasks.ts';

/** A started runner, and a function that frees its resources. */
export interface Worker extends Started {
  close(): Promise<void>;
}

/**
 * Loads the model and the backend given by the environment. The default backend is the native one, or WebAssembly if
 * onnxruntime-node is not installed.
 * @throws `model-not-found` and the other errors of `createDiarizer`.
 */
export async function startModel(): Promise<Worker> {
  const { VOICEFLOW_MODEL: name = 'standard', VOICEFLOW_BACKEND: backend = 'auto' } = process.env;
  const pack = await modelNamed(name);
  if (backend === 'wasm') return load(pack, wasmBackend());
  try {
    return await load(pack, nodeBackend({ mode: 'in-process' }));
  } catch (error) {
    if (backend === 'node') throw error;
    if (!VoiceFlowError.isInstance(error) || error.code !== 'backend-unavailable') throw error;
    console.error(`${error.message}; the network runs in WebAssembly instead, about four times slower`);
    return load(pack, wasmBackend());
  }
}

const EMBEDDED: Readonly<Record<string, ModelPackage>> = { standard, 'fast-cnn': fastCnn };

async function modelNamed(name: string): Promise<ModelPackage> {
  const embedded = Object.hasOwn(EMBEDDED, name) ? EMBEDDED[name] : undefined;
  if (embedded) return embedded;
  if ((PULLED_MODELS as readonly string[]).includes(name)) return installedModel(name);
  throw new VoiceFlowError('model-not-found', `there is no model "${name}", expected one of ${MODEL_NAMES.join(', ')}`);
}

async function load(pack: ModelPackage, base: Backend): Promise<Worker> {
  let model: Model | undefined;
  // One session serves recordings, live audio and single windows.
  const backend: Backend = {
    ...base,
    load: async (file, options) => {
      const loaded = inTurn(await base.load(file, options));
      // The first network is the one for windows; a segmenter is loaded after it.
      model ??= loaded;
      return loaded;
    },
  };
  const diarizer = await createDiarizer({ model: pack, backend, workers: 1 });
  const { manifest } = pack;
  const windows = manifest.pipeline === 'fast-cnn' ? model : undefined;
  const runner = new TaskRunner({ manifest, diarizer, openAudio, openFile: openAsBlob, model: windows });
  if (windows) await warmUp(runner);
  return {
    runner,
    info: { manifest, backend: base.name },
    close: () => diarizer.close(),
  };
}

/** Runs one at a time and records each run before it starts, so that after a crash the server knows its task. */
function inTurn(model: Model): Model {
  let last: Promise<unknown> = Promise.resolve();
  return {
    inputs: model.inputs,
    outputs: model.outputs,
    concurrency: model.concurrency,
    close: () => model.close(),
    spare: (length) => model.spare?.(length),
    run: (feeds, options) => {
      const turn = last.then(() => {
        recordRun(options?.signal);
        return model.run(feeds, options);
      });
      last = turn.catch(() => {});
      return turn;
    },
  };
}

/**
 * Windows run before a worker is ready, so that its memory is allocated and its code compiled before the first request.
 */
const WARM_UP = 30;

async function warmUp(runner: TaskRunner): Promise<void> {
  const task = { kind: 'infer', contentType: '', params: {}, maxSeconds: 1 } as const;
  const { signal } = new AbortController();
  for (let i = 0; i < WARM_UP; i++) {
    // A new buffer each time, because a backend with threads detaches it.
    const body = new Uint8Array(runner.windowBytes);
    await runner.run({ ...task, output: i % 2 === 0 ? 'binary' : 'json' }, body, { signal });
  }
}

/** Runs this process as a worker of the server that started it. */
export async function runWorker(start: () => Promise<Worker>): Promise<void> {
  // Standard output is for results only, as in the program itself.
  globalThis.console = new Console(process.stderr);
  // Only the server ends its workers, even when Ctrl-C reaches the whole process group.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  let worker: Worker | undefined;
  // The input ends when the server stops this worker, and also when the server dies.
  process.stdin.once('end', () => {
    const exit = () => process.exit(0);
    if (worker === undefined) exit();
    else worker.close().then(exit, exit);
  });
  const output = new Socket({ fd: FRAMES_FD, readable: false, writable: true });
  // A server that has died is detected by the end of the input.
  output.on('error', () => {});
  await serveTasks(process.stdin, output, async () => {
    worker = await start();
    return worker;
  });
}
