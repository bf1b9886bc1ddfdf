import { availableParallelism } from 'node:os';
import { type Model, type ModelFile, type Tensor, type TensorInfo, VoiceFlowError } from 'voiceflow-ml/core';

/**
 * Ways to run one network: `native` and `wasm` are the users' backends, each in a worker with one thread;
 * `wasm-threads` lets WASM use all processors for one run; `native-direct` is ONNX Runtime in the current thread, as
 * the baseline for the cost of the backend's worker.
 */
export const ENGINES = ['native', 'native-direct', 'wasm', 'wasm-threads'] as const;
export type EngineName = (typeof ENGINES)[number];

/** @throws `backend-unavailable` when the runtime lacks what the engine needs. */
export async function loadEngine(engine: EngineName, model: ModelFile): Promise<Model> {
  switch (engine) {
    case 'native': {
      const { nodeBackend } = await import('voiceflow-ml/backends/node');
      return nodeBackend().load(model, { workers: 1 });
    }
    case 'native-direct':
      return loadDirect(model);
    case 'wasm':
    case 'wasm-threads': {
      const { wasmBackend } = await import('voiceflow-ml/backends/wasm');
      const threads = engine === 'wasm' ? 1 : availableParallelism();
      return wasmBackend({ threads }).load(model, { workers: 1 });
    }
  }
}

/** ONNX Runtime with the backend's settings but without its worker. It blocks the caller's event loop. */
async function loadDirect(file: ModelFile): Promise<Model> {
  const { disableTelemetry } = await import('voiceflow-ml/backends/node');
  disableTelemetry();
  const ort = await import('onnxruntime-node').catch((cause: unknown) => {
    throw new VoiceFlowError('backend-unavailable', 'onnxruntime-node cannot be loaded', {
      hint: 'npm install onnxruntime-node',
      cause,
    });
  });
  const session = await ort.InferenceSession.create(file.bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return {
    inputs: session.inputMetadata.map(tensorInfo),
    outputs: session.outputMetadata.map(tensorInfo),
    concurrency: 1,
    async run(feeds) {
      const inputs: Record<string, InstanceType<typeof ort.Tensor>> = {};
      for (const [name, { type, data, dims }] of Object.entries(feeds)) inputs[name] = new ort.Tensor(type, data, dims);
      const outputs: Record<string, Tensor> = {};
      for (const [name, { data, dims }] of Object.entries(await session.run(inputs))) {
        if (data instanceof Float32Array) outputs[name] = { type: 'float32', dims, data };
      }
      return outputs;
    },
    close: () => session.release(),
  };
}

type Metadata = import('onnxruntime-node').InferenceSession.ValueMetadata;

function tensorInfo(metadata: Metadata): TensorInfo {
  const { name } = metadata;
  if (!metadata.isTensor || !isTensorType(metadata.type)) {
    throw new VoiceFlowError('model-incompatible', `${name} is of a type that cannot be measured here`);
  }
  return { name, type: metadata.type, dims: metadata.shape };
}

function isTensorType(type: string): type is Tensor['type'] {
  return ['float32', 'int32', 'int64', 'uint8', 'bool'].includes(type);
}
