import { testBackend } from '@voiceflow-ml/core/testing';
import { wasmBackend } from '@voiceflow-ml/ort-web';
import { describe, it } from 'vitest';

testBackend({ name: 'wasm', create: () => wasmBackend() }, { describe, it });
