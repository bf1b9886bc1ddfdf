/**
 * @module The server as a handler for workerd (Cloudflare Workers). The network runs in WebAssembly in the isolate
 * itself.
 */
import { codecsFrom } from '@voiceflow-ml/codecs';
import { createDiarizer, fastCnnFrom, type Model, openAudio, segmenterFrom, wasmBackend } from 'voiceflow-ml';
import { createApp } from '../../app.ts';
import { localEngine } from '../../engine/local/local-engine.ts';
import { TaskRunner } from '../../engine/runner/runner.ts';
import type { AppOptions } from '../../state.ts';
import { VERSION } from '../../version.ts';
import { clientAddress } from './client-address.ts';
import { upgradeWebSocket } from './socket.ts';

export interface WorkerdOptions extends Pick<AppOptions, 'keys' | 'limits' | 'corsOrigins' | 'quotaPerMinute' | 'log'> {
  /**
   * `import wasm from '@voiceflow-ml/wasm-runtime/ort-wasm-simd-threaded.wasm'`: workerd cannot compile WebAssembly at
   * run time.
   */
  readonly wasm: WebAssembly.Module;
  /** `import weights from '@voiceflow-ml/fast-cnn/fast-cnn.onnx'`, as data. */
  readonly weights: ArrayBuffer;
  /** The same for `@voiceflow-ml/segmenter/segmenter.onnx`: reduces turns where nobody speaks; adds 1 MB. */
  readonly segmenterWeights?: ArrayBuffer;
  /**
   * `import codecs from '@voiceflow-ml/codecs/voiceflow-codecs.wasm'`: adds MP3, AAC, Opus and the other formats, and
   * 3 MB to the script's size. Without it only WAV is supported.
   */
  readonly codecs?: WebAssembly.Module;
}

export interface WorkerdHandler {
  fetch(request: Request): Promise<Response>;
}

/** Largest body: an isolate has 128 MB, and decoding needs a multiple of the body. */
const BODY_BYTES = 24 * 1024 * 1024;

/**
 * Serves all routes, with one task of each lane at a time. The first request loads the model. In workerd the clock
 * stands still during computation: deadlines are checked before a task starts and not during it, and timings are 0. A
 * live session ends with its isolate, so clients should reconnect, as `VoiceFlowClient` does.
 *
 * @example
 * export default workerdHandler({ wasm, weights });
 */
export function workerdHandler({
  wasm,
  weights,
  segmenterWeights,
  codecs,
  ...options
}: WorkerdOptions): WorkerdHandler {
  const open = async () => {
    const base = wasmBackend({ wasm });
    const alone = fastCnnFrom(weights);
    const pack = segmenterWeights ? { ...alone, segmenter: segmenterFrom(segmenterWeights) } : alone;
    let model: Model | undefined;
    const load: typeof base.load = async (file, how) => {
      const loaded = await base.load(file, how);
      model ??= loaded;
      return loaded;
    };
    const diarizer = await createDiarizer({
      model: pack,
      backend: { ...base, load },
      decoders: codecs && codecsFrom(codecs),
    });
    const { manifest } = pack;
    const runner = new TaskRunner({ manifest, diarizer, openAudio, keepUp: false, model });
    const engine = localEngine(runner, { manifest, backend: base.name });
    const limits = { bodyBytes: BODY_BYTES, queueBytes: 2 * BODY_BYTES, ...options.limits };
    return createApp({
      engine,
      version: VERSION,
      upgradeWebSocket,
      clientAddress: (c) => clientAddress(c.req.raw),
      ...options,
      limits,
    });
  };
  let ready: ReturnType<typeof open> | undefined;
  return {
    fetch: async (request) => {
      // Opened within a request, because workerd does not allow such work at module scope.
      ready ??= open();
      try {
        return await (await ready).fetch(request);
      } catch (error) {
        ready = undefined;
        throw error;
      }
    },
  };
}
