// A Cloudflare Worker that diarizes the recording in the request:
//   curl --data-binary @meeting.wav https://….workers.dev
import weights from '@voiceflow-ml/fast-cnn/fast-cnn.onnx';
import wasm from '@voiceflow-ml/wasm-runtime/ort-wasm-simd-threaded.wasm';
import { createDiarizer, fastCnnFrom, VoiceFlowError, wasmBackend } from 'voiceflow-ml';

let diarizer;

export default {
  async fetch(request) {
    if (request.method !== 'POST') return new Response('Send a recording with POST\n', { status: 405 });
    try {
      // Created within a request because workerd cannot start WebAssembly at module scope. If it fails, the next request
      // tries again.
      diarizer ??= createDiarizer({ model: fastCnnFrom(weights), backend: wasmBackend({ wasm }) }).catch((error) => {
        diarizer = undefined;
        throw error;
      });
      const result = await (await diarizer).diarize(request.body);
      return Response.json(result.turns);
    } catch (error) {
      if (!VoiceFlowError.isInstance(error)) throw error;
      return Response.json({ code: error.code, message: error.message, hint: error.hint }, { status: 422 });
    }
  },
};
