import type { Tensor, TensorInfo } from '../../contract/backend.ts';
import { VoiceFlowError } from '../../contract/errors.ts';
import { messageOf } from './failure.ts';
import type { Tensors } from './protocol.ts';
import { ANY, isTensorType } from './tensors.ts';

/** The subset of `onnxruntime-common` that is used; both runtimes provide it. */
export interface OrtModule {
  readonly InferenceSession: { create(bytes: Uint8Array, options: object): Promise<OrtSession> };
  readonly Tensor: new (type: Tensor['type'], data: Tensor['data'], dims: readonly number[]) => OrtTensor;
}

interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

interface OrtSession {
  readonly inputMetadata: readonly OrtMetadata[];
  readonly outputMetadata: readonly OrtMetadata[];
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

interface OrtMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** A loaded network that runs one call at a time. */
export interface Session {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

/** @throws VoiceFlowError `model-incompatible` for an unsupported model; `backend-failed` without memory. */
export async function openSession(ort: OrtModule, bytes: Uint8Array, options: object): Promise<Session> {
  const session = await create(ort, bytes, options);
  try {
    return adapt(ort, session);
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function create(ort: OrtModule, bytes: Uint8Array, options: object): Promise<OrtSession> {
  try {
    return await ort.InferenceSession.create(bytes, options);
  } catch (error) {
    const message = messageOf(error);
    // onnxruntime-web loads its WebAssembly in the first `create`; these are its error messages if that fails.
    if (/no available backend|initializ\w+ WebAssembly|wasm streaming compile/i.test(message)) {
      throw new VoiceFlowError('backend-unavailable', `ONNX Runtime could not start: ${message}`);
    }
    if (/bad_alloc|allocat|out of memory/i.test(message)) {
      throw new VoiceFlowError('backend-failed', `not enough memory for the session: ${message}`);
    }
    throw new VoiceFlowError('model-incompatible', `ONNX Runtime rejected the model: ${message}`);
  }
}

function adapt(ort: OrtModule, session: OrtSession): Session {
  return {
    inputs: session.inputMetadata.map(infoOf),
    outputs: session.outputMetadata.map(infoOf),
    async run(feeds) {
      const given = Object.entries(feeds).map(([name, { type, data, dims }]) => [
        name,
        new ort.Tensor(type, data, dims),
      ]);
      const outputs = await session.run(Object.fromEntries(given)).catch((error: unknown) => {
        throw runError(messageOf(error));
      });
      // `infoOf` has checked the declared output types, and ONNX Runtime returns the matching typed array for each.
      const tensors = Object.entries(outputs).map(([name, { type, dims, data }]) => [name, { type, dims, data }]);
      return Object.fromEntries(tensors) as Record<string, Tensor>;
    },
    release: () => session.release(),
  };
}

function infoOf(value: OrtMetadata): TensorInfo {
  const { name, type = 'no tensor', shape = [] } = value;
  if (!value.isTensor || !isTensorType(type)) {
    throw new VoiceFlowError(
      'model-incompatible',
      `"${name}" of the model is ${type}, which VoiceFlow does not support`,
    );
  }
  return {
    name,
    type,
    dims: shape.map((size) => (size === '' || (typeof size === 'number' && size < 0) ? ANY : size)),
  };
}

/** Converts ONNX Runtime's plain errors. Errors caused by the feeds are recognized by their message. */
function runError(message: string): VoiceFlowError {
  const blame = /INVALID_ARGUMENT|invalid (rank|dimension|feed)|unexpected input|input '.*' is missing/i.test(message);
  return new VoiceFlowError(blame ? 'model-incompatible' : 'backend-failed', `ONNX Runtime: ${message}`);
}
