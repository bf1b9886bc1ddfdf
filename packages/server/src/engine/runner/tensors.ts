import {
  flushDenormals,
  invalidOption,
  type Model,
  type Tensor,
  type TensorInfo,
  VoiceFlowError,
} from 'voiceflow-ml/core';
import type { TaskReply } from '../engine.ts';
import { bytesToFloats, findBadSample, joinChunks, utf8 } from './bytes.ts';

/** An infer request of the Open Inference Protocol v2. */
interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: readonly RequestTensor[];
  /** The requested outputs, each with whether its data is sent as bytes; all outputs when absent. */
  readonly outputs: readonly { readonly name: string; readonly binary: boolean | undefined }[] | undefined;
  readonly binaryOutputs: boolean;
}

interface RequestTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

type TensorReply = Required<Pick<TaskReply, 'contentType' | 'headers' | 'body'>>;

/** Most windows per request: each takes milliseconds, and the deadline is that of one window. */
const MAX_WINDOWS = 64;

/**
 * Parses an infer request: JSON, or JSON followed by raw tensors (`headerLength`, the extension `binary_tensor_data`;
 * 0 means that the body is only the data of the single input).
 * @throws `invalid-option` with a description of the error.
 */
export function parseInferRequest(
  body: Uint8Array<ArrayBuffer>,
  headerLength: number | undefined,
  inputs: readonly TensorInfo[],
): InferRequest {
  if (headerLength === 0) return rawRequest(body, inputs);
  if (headerLength !== undefined && headerLength > body.length) {
    throw bad(`Inference-Header-Content-Length is ${headerLength}, but the body has ${body.length} bytes`);
  }
  const json = asObject(parseJson(body.subarray(0, headerLength ?? body.length)), 'the request');
  const list = json.inputs;
  if (!Array.isArray(list)) throw bad('"inputs" is missing, expected a list of tensors');
  let at = headerLength ?? body.length;
  const tensors = list.map((each): RequestTensor => {
    const tensor = asObject(each, 'an input');
    const info = inputs.find((input) => input.name === tensor.name);
    if (info === undefined) {
      throw bad(
        `there is no input "${textOf(tensor.name, 'the name of an input').slice(0, 60)}", expected ${inputs.map((i) => i.name).join(', ')}`,
      );
    }
    const shape = checkShape(tensor.shape, info);
    if (tensor.datatype !== 'FP32') {
      throw bad(`the datatype of "${info.name}" is ${shown(tensor.datatype)}, expected FP32`);
    }
    const size = asObject(tensor.parameters ?? {}, 'parameters').binary_data_size;
    const count = shape.reduce((product, dim) => product * dim, 1);
    if (size === undefined) return { name: info.name, shape, data: flatten(tensor.data, count, info.name) };
    if (size !== count * 4) {
      throw bad(`binary_data_size of "${info.name}" is ${shown(size)}, expected ${count * 4} for its shape`);
    }
    if (at + count * 4 > body.length) throw bad(`the body ends before the end of the data of "${info.name}"`);
    const data = bytesToFloats(body.subarray(at, at + count * 4));
    at += count * 4;
    return { name: info.name, shape, data };
  });
  if (at !== body.length)
    throw bad(`the body has ${body.length - at} bytes after the data of the inputs, expected none`);
  for (const info of inputs) {
    if (tensors.filter((tensor) => tensor.name === info.name).length !== 1)
      throw bad(`"inputs" must contain "${info.name}" exactly once`);
  }
  return {
    id: json.id === undefined ? undefined : textOf(json.id, 'id'),
    inputs: tensors,
    outputs: parseOutputs(json.outputs),
    binaryOutputs: asObject(json.parameters ?? {}, 'parameters').binary_data_output === true,
  };
}

/** The request's tensors for the network. @throws `invalid-option` for invalid samples. */
function toFeeds(request: InferRequest): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const { name, shape, data } of request.inputs) {
    const odd = findBadSample(data);
    if (odd !== -1)
      throw bad(
        `the data of "${name}" is ${data[odd]} at index ${odd}, expected finite numbers, about ±1 at full scale`,
      );
    // Copied, because the network takes ownership of the buffer, and the body also holds other tensors.
    feeds[name] = { type: 'float32', dims: shape, data: flushDenormals(data.slice()) };
  }
  return feeds;
}

/** Writes the requested outputs, as JSON or as bytes after the JSON. */
function writeInferReply(
  request: InferRequest,
  outputs: Readonly<Record<string, Tensor>>,
  model: { readonly id: string; readonly version: string },
): TensorReply {
  const wanted =
    request.outputs ?? Object.keys(outputs).map((name) => ({ name, binary: undefined as boolean | undefined }));
  const raw: Uint8Array<ArrayBuffer>[] = [];
  const list = wanted.map(({ name, binary }) => {
    const tensor = outputs[name];
    if (tensor?.type !== 'float32') {
      throw bad(`there is no output "${name.slice(0, 60)}", expected ${Object.keys(outputs).join(', ')}`);
    }
    const head = { name, shape: tensor.dims, datatype: 'FP32' };
    if (!(binary ?? request.binaryOutputs)) return { ...head, data: Array.from(tensor.data) };
    const copy = tensor.data.slice();
    raw.push(new Uint8Array(copy.buffer));
    return { ...head, parameters: { binary_data_size: copy.byteLength } };
  });
  const json = utf8(
    JSON.stringify({
      model_name: model.id,
      model_version: model.version,
      id: request.id,
      outputs: list,
    }),
  );
  if (raw.length === 0) return { contentType: 'application/json', headers: {}, body: json };
  return {
    contentType: 'application/octet-stream',
    headers: { 'inference-header-content-length': String(json.length) },
    body: joinChunks([json, ...raw]),
  };
}

/** Handles an infer request completely. */
export async function inferTensors(
  body: Uint8Array<ArrayBuffer>,
  headerLength: number | undefined,
  model: Pick<Model, 'inputs'> & { readonly id: string; readonly version: string },
  run: (feeds: Record<string, Tensor>) => Promise<Record<string, Tensor>>,
): Promise<TensorReply & { readonly windows: number }> {
  const request = parseInferRequest(body, headerLength, model.inputs);
  const outputs = await run(toFeeds(request));
  return { ...writeInferReply(request, outputs, model), windows: request.inputs[0]?.shape[0] ?? 0 };
}

function rawRequest(body: Uint8Array<ArrayBuffer>, inputs: readonly TensorInfo[]): InferRequest {
  const [info] = inputs;
  const fixed =
    info?.dims.slice(1).reduce<number>((product, dim) => product * (typeof dim === 'number' ? dim : 0), 4) ?? 0;
  if (info === undefined || inputs.length !== 1 || fixed === 0)
    throw bad('a raw body can only be used with a model that has one input');
  if (body.length === 0 || body.length % fixed !== 0) {
    throw bad(`the raw body has ${body.length} bytes, expected a multiple of ${fixed}`);
  }
  const shape = checkShape([body.length / fixed, ...info.dims.slice(1)], info);
  return {
    id: undefined,
    inputs: [{ name: info.name, shape, data: bytesToFloats(body) }],
    outputs: undefined,
    binaryOutputs: true,
  };
}

function checkShape(value: unknown, info: TensorInfo): number[] {
  const fits =
    Array.isArray(value) &&
    value.length === info.dims.length &&
    info.dims.every((dim, at) =>
      typeof dim === 'number'
        ? value[at] === dim
        : Number.isInteger(value[at]) && value[at] >= 1 && value[at] <= MAX_WINDOWS,
    );
  if (fits) return value.map(Number);
  const expected = info.dims.map((dim) => (typeof dim === 'number' ? dim : `1–${MAX_WINDOWS}`)).join(', ');
  throw bad(`the shape of "${info.name}" is ${shownShape(value)}, expected [${expected}]`);
}

function flatten(value: unknown, count: number, name: string): Float32Array {
  const flat: unknown[] = Array.isArray(value) ? value.flat(2) : [];
  if (flat.length !== count) throw bad(`the data of "${name}" has ${flat.length} numbers, expected ${count}`);
  if (!flat.every((each) => typeof each === 'number'))
    throw bad(`the data of "${name}" has an element that is not a number`);
  return Float32Array.from(flat);
}

/** Each name may occur once, so that a response is never larger than the network's outputs. */
function parseOutputs(value: unknown): InferRequest['outputs'] {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw bad('"outputs" is not a list');
  const names = new Set<string>();
  return value.map((each) => {
    const output = asObject(each, 'an output');
    if (typeof output.name !== 'string') throw bad('an output has no name');
    if (names.has(output.name)) throw bad(`the output "${output.name.slice(0, 60)}" is requested twice`);
    names.add(output.name);
    const binary = asObject(output.parameters ?? {}, 'parameters').binary_data;
    return { name: output.name, binary: typeof binary === 'boolean' ? binary : undefined };
  });
}

/** @throws `invalid-option` for a value that is neither text nor a number. */
function textOf(value: unknown, what: string): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw bad(`${what} is ${shown(value)}, expected text`);
}

/** A value for a message. Objects are not converted: they may have their own `toString` or be deeply nested. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 40));
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : value === undefined ? 'absent' : 'an object';
}

function shownShape(value: unknown): string {
  if (!Array.isArray(value)) return shown(value);
  return `[${value.slice(0, 6).map(shown).join(', ')}${value.length > 6 ? ', …' : ''}]`;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new VoiceFlowError('invalid-option', 'the request is not valid JSON', { cause });
  }
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(`${what} is not a JSON object`);
  return value as Record<string, unknown>;
}

function bad(message: string): VoiceFlowError {
  return invalidOption(message, 'GET /v2/models/NAME returns the inputs and outputs of the model.');
}
