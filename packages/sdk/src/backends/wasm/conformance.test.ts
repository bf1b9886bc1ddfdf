import { describe, it } from 'vitest';
import { wasmBackend } from 'voiceflow-ml/backends/wasm';
import { testBackend } from 'voiceflow-ml/testing';

testBackend({ name: 'wasm', create: () => wasmBackend() }, { describe, it });
