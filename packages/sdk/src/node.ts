/** @module VoiceFlow for Node, Bun and Deno: the core, the embedded model, and native ONNX Runtime or WebAssembly. */

import { checkDevice, type Device } from './backends/device.ts';
import { nodeBackend } from './backends/node/backend.ts';
import { wasmBackend } from './backends/wasm/node.ts';
import { type CreateDiarizerOptions, unknownBackend } from './choose-backend.ts';
import type { AudioDecoder } from './contract/audio.ts';
import type { Backend } from './contract/backend.ts';
import type { Diarizer } from './contract/diarizer.ts';
import { invalidOption, show, VoiceFlowError } from './contract/errors.ts';
import { isObject } from './contract/is-object.ts';
import type { Warning } from './contract/warnings.ts';
import { createDiarizer as create } from './diarizer.ts';
import { standard } from './standard.ts';

export { fastCnn, fastCnnFrom } from '@voiceflow-ml/fast-cnn';
export { segmenter, segmenterFrom } from '@voiceflow-ml/segmenter';
export { type WasmBackendOptions, wasmBackend } from './backends/wasm/node.ts';
export type { CreateDiarizerOptions } from './choose-backend.ts';
export * from './core.ts';
export { standard } from './standard.ts';
export * from './words/index.ts';

/** A backend to try, and the end of the warning if an earlier one was unavailable. */
interface Choice {
  readonly backend: () => Backend;
  readonly instead?: string;
}

const NATIVE: Choice = { backend: () => nodeBackend(), instead: 'the CPU runs the network instead' };
const WASM: Choice = {
  backend: () => wasmBackend(),
  instead: 'WebAssembly runs the network instead, about four times slower',
};

/**
 * Like `createDiarizer` of `index.ts`, but the default backend is the native one if it is installed, and the default
 * decoders are those of `@voiceflow-ml/codecs` if it is installed.
 */
export async function createDiarizer(options: CreateDiarizerOptions = {}): Promise<Diarizer> {
  // Plain JavaScript may pass null.
  const { device, backend, ...rest } = options ?? {};
  const { model = standard, decoders = await installedDecoders() } = rest;
  if (!isObject(model) || !isObject(model.manifest)) {
    const hint = `pass await installedModel(${typeof model === 'string' ? JSON.stringify(model) : '"light"'}), which is in voiceflow-ml/installed`;
    throw invalidOption(`model is ${show(model)}, expected a model package`, hint);
  }
  const choices = choicesOf(backend, checkDevice(device ?? 'cpu'));
  return createFirst(choices, (choice, warnings) =>
    create({ ...rest, model, decoders, backend: choice.backend(), warnings }),
  );
}

/** Tries the backends in order, and adds a warning for each that is unavailable. */
async function createFirst(
  [choice, next, ...others]: readonly Choice[],
  load: (choice: Choice, warnings: readonly Warning[]) => Promise<Diarizer>,
  warnings: readonly Warning[] = [],
): Promise<Diarizer> {
  try {
    return await load(choice as Choice, warnings);
  } catch (error) {
    if (!next || !VoiceFlowError.isInstance(error) || error.code !== 'backend-unavailable') throw error;
    const warning = { code: 'backend-fallback', message: `${error.message}; ${next.instead}` } as const;
    return createFirst([next, ...others], load, [...warnings, warning]);
  }
}
/** Not a literal in `import()`, so that bundlers do not try to resolve a package that may not be installed. */
const CODECS = '@voiceflow-ml/codecs';

/** The decoders of `@voiceflow-ml/codecs` if it is installed; otherwise none, so that only WAV can be read. */
async function installedDecoders(): Promise<readonly AudioDecoder[]> {
  try {
    const { codecs } = (await import(CODECS)) as { readonly codecs: readonly AudioDecoder[] };
    return codecs;
  } catch {
    return [];
  }
}

/** The backends to try, in order. @throws `invalid-option`. */
function choicesOf(backend: CreateDiarizerOptions['backend'], device: Device): readonly Choice[] {
  if (device === 'cpu') {
    if (backend === undefined) return [NATIVE, WASM];
    if (typeof backend === 'object' && typeof backend?.load === 'function') return [{ backend: () => backend }];
    if (backend === 'node') return [NATIVE];
    if (backend === 'wasm') return [WASM];
    throw unknownBackend(backend);
  }
  if (backend !== undefined && backend !== 'node') {
    const name = typeof backend === 'string' ? backend : backend.name;
    throw invalidOption(
      `device is "${device}", but the backend is ${name}`,
      '`device` is for the native backend: omit `backend`, or set `device` on your own backend',
    );
  }
  return [{ backend: () => nodeBackend({ device }) }, ...choicesOf(backend, 'cpu')];
}
