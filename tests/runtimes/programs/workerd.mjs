/** On workerd: the conformance suite (/cases), the demo's turns (POST /turns), and what a bare backend says (/bare). */

import { createDiarizer, fastCnnFrom, wasmBackend } from 'voiceflow-ml';
import { backendCases } from 'voiceflow-ml/testing';
import wasm from './ort.wasm';
import weights from './weights.bin';

const pathOf = (request) => new URL(request.url).pathname;
const messageOf = (error) => String(error?.stack ?? error);
const create = () => wasmBackend({ wasm });

// biome-ignore lint/style/noDefaultExport: what workerd asks for
export default {
  async fetch(request) {
    const path = pathOf(request);
    if (path === '/bare') {
      const error = await createDiarizer({ model: fastCnnFrom(weights) }).catch((reason) => reason);
      return Response.json({ code: error.code, hint: error.hint });
    }
    if (path === '/turns') {
      const diarizer = await createDiarizer({ model: fastCnnFrom(weights), backend: create() });
      const { turns, speakers } = await diarizer.diarize(request.body);
      await diarizer.close();
      return Response.json({ turns, speakers: speakers.map(({ label }) => label) });
    }
    const results = [];
    for (const { name, run } of backendCases({ name: 'wasm', create })) {
      results.push({ case: name, error: await run().then(() => undefined, messageOf) });
    }
    return Response.json(results);
  },
};
