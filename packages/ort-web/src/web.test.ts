import { testBackend } from '@voiceflow-ml/core/testing';
import { describe, it } from 'vitest';
import { wasmBackend } from '../dist/index.js';

/** The entry for pages, in Node's main thread: one session, one run at a time, events between runs. */
testBackend({ name: 'wasm (page)', create: () => wasmBackend() }, { describe, it });
