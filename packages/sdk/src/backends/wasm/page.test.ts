import { describe, it } from 'vitest';
import { testBackend } from 'voiceflow-ml/testing';
import { wasmBackend } from '../../../../../dist/backends/wasm/page.js';

/** The entry for pages, in Node's main thread: one session, one run at a time, events between runs. */
testBackend({ name: 'wasm (page)', create: () => wasmBackend() }, { describe, it });
