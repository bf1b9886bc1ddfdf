/** On workerd: decodes the body (POST /), with the decoders' WebAssembly imported as a module. */
import { codecsFrom } from '@voiceflow-ml/codecs';
import { openAudio } from 'voiceflow-ml/core';
import wasm from './codecs.wasm';
import { measure } from './decode-all.mjs';

// biome-ignore lint/style/noDefaultExport: what workerd asks for
export default {
  async fetch(request) {
    if (request.method !== 'POST') return new Response('ready');
    const open = () => openAudio(request.body, { sampleRate: 16_000, decoders: codecsFrom(wasm) });
    return Response.json(await measure(['body'], open));
  },
};
