import { testBackend } from '@voiceflow-ml/core/testing';
import { nodeBackend } from '@voiceflow-ml/ort-node';
import { describe, it } from 'vitest';

testBackend({ name: 'node', create: () => nodeBackend() }, { describe, it });
