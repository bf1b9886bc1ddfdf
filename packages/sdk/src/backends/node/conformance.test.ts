import { describe, it } from 'vitest';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { testBackend } from 'voiceflow-ml/testing';

testBackend({ name: 'node', create: () => nodeBackend() }, { describe, it });
testBackend({ name: 'node, in process', create: () => nodeBackend({ mode: 'in-process' }) }, { describe, it });
