import { invalidOption, type TensorInfo, VoiceFlowError } from 'voiceflow-ml/core';
import type { EngineInfo } from '../../engine/engine.ts';
import type { AppContext } from '../../http/context.ts';
import { respondProblem } from '../../http/problem.ts';
import type { AppState } from '../../state.ts';
import { runTask } from '../run-task.ts';
import { taskOf } from '../task.ts';

/** @module The Open Inference Protocol v2 (kserve/open-inference-protocol, `inference_rest.md`), with binary tensors. */

const DATATYPES = { float32: 'FP32', int32: 'INT32', int64: 'INT64', uint8: 'UINT8', bool: 'BOOL' } as const;

export function serverMetadata(c: AppContext, state: AppState): Response {
  return c.json({ name: 'voiceflow', version: state.options.version, extensions: ['binary_tensor_data'] });
}

export function serverLive(c: AppContext): Response {
  return c.json({ live: true });
}

/** The specification's example has `live` here, too; its text and its clients use `ready`. */
export function serverReady(c: AppContext, state: AppState): Response {
  const ready = isReady(state);
  return c.json({ live: ready, ready }, ready ? 200 : 503);
}

export function modelMetadata(c: AppContext, state: AppState): Response {
  const info = findModel(c, state);
  if (info instanceof Response) return info;
  const { id, version, inputs, outputs } = info.manifest;
  return c.json({
    name: id,
    versions: [version],
    platform: 'onnx_onnxv1',
    inputs: inputs.map(toMetadata),
    outputs: outputs.map(toMetadata),
  });
}

export function modelReady(c: AppContext, state: AppState): Response {
  const info = findModel(c, state);
  if (info instanceof Response) return info;
  const ready = isReady(state);
  return c.json({ name: info.manifest.id, ready }, ready ? 200 : 503);
}

export async function modelInfer(c: AppContext, state: AppState): Promise<Response> {
  const info = findModel(c, state);
  if (info instanceof Response) return info;
  return runTask(c, state, { ...taskOf(c, state, 'tensors', 'json'), headerLength: headerLength(c) });
}

function isReady(state: AppState): boolean {
  return state.engine.ready && !state.draining;
}

/** @throws `invalid-option`. */
function headerLength(c: AppContext): number | undefined {
  const text = c.req.header('inference-header-content-length');
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw invalidOption(`Inference-Header-Content-Length is "${text.slice(0, 20)}", expected a number of bytes`);
}

/** The model named in the path, or the problem response. */
function findModel(c: AppContext, state: AppState): EngineInfo | Response {
  const { info } = state.engine;
  if (info === undefined)
    throw new VoiceFlowError('backend-unavailable', 'the model is still loading', { retryAfter: 1 });
  const name = c.req.param('model') ?? '';
  const version = c.req.param('version');
  const { manifest } = info;
  if (name === manifest.id && (version === undefined || version === manifest.version)) return info;
  const asked = version === undefined ? name : `${name}@${version}`;
  const text = `there is no model "${asked.slice(0, 60)}", this server has ${manifest.id}@${manifest.version}`;
  return respondProblem(c, 404, 'not-found', 'Not found', text);
}

function toMetadata({ name, type, dims }: TensorInfo): { name: string; datatype: string; shape: number[] } {
  return { name, datatype: DATATYPES[type], shape: dims.map((dim) => (typeof dim === 'number' ? dim : -1)) };
}
