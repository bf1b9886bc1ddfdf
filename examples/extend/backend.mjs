/**
 * A custom backend. Any runtime that can run an ONNX network will do; this one uses onnxruntime-web in the calling
 * thread. `sessionBackend` adds everything else that a backend needs: queue, checks of feeds, cancellation, closing.
 * `tests/extending.test.ts` runs VoiceFlow's conformance suite on it.
 *
 *   node examples/extend/backend.mjs recording.wav
 */
import { openAsBlob } from 'node:fs';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import * as ort from 'onnxruntime-web/wasm';
import { createDiarizer, VoiceFlowError } from 'voiceflow-ml';
import { sessionBackend } from 'voiceflow-ml/backends';

const TYPES = ['float32', 'int32', 'int64', 'uint8', 'bool'];

/** @returns {import('voiceflow-ml').Backend} */
export function myBackend() {
  return sessionBackend({
    name: 'mine',
    capabilities: async () => ({ workers: 1, threads: 1, simd: true, gpu: false, notes: ['one run at a time'] }),
    open,
    defer: setImmediate,
  });
}

/** Loads one network: returns the shapes of its inputs and outputs, and functions to run and release it. */
async function open(bytes) {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] }).catch((cause) => {
    throw new VoiceFlowError('model-incompatible', `the runtime cannot load the network: ${cause.message}`, { cause });
  });
  return {
    inputs: session.inputMetadata.map(describe),
    outputs: session.outputMetadata.map(describe),
    async run(feeds) {
      const tensors = Object.entries(feeds).map(([name, { type, data, dims }]) => [
        name,
        new ort.Tensor(type, data, dims),
      ]);
      const outputs = await session.run(Object.fromEntries(tensors)).catch((cause) => {
        // Feeds were checked against `inputs`, but shapes inside the network may still not match.
        const code = /INVALID_ARGUMENT/.test(cause.message) ? 'model-incompatible' : 'backend-failed';
        throw new VoiceFlowError(code, `the runtime failed: ${cause.message}`, { cause });
      });
      return Object.fromEntries(
        Object.entries(outputs).map(([name, { type, dims, data }]) => [name, { type, dims, data }]),
      );
    },
    release: () => session.release(),
  };
}

/** A dimension of variable size must have a name; any name will do. */
function describe({ name, isTensor, type, shape }) {
  if (!isTensor || !TYPES.includes(type)) {
    throw new VoiceFlowError('model-incompatible', `"${name}" is ${type}, expected one of ${TYPES.join(', ')}`);
  }
  return { name, type, dims: shape.map((size) => (typeof size === 'number' && size >= 0 ? size : size || 'N')) };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const diarizer = await createDiarizer({ backend: myBackend() });
  const result = await diarizer.diarize(await openAsBlob(process.argv[2] ?? 'examples/audio/conversation.wav'));
  process.stdout.write(result.toRTTM());
  await diarizer.close();
}
