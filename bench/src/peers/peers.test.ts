import { existsSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { conversationPcm, repeatedWav } from '../conversation.ts';
import { FAST_CNN } from '../model/files.ts';
import { withMetadata } from './onnx-metadata.ts';
import { findPython, measurePython, PYTHON_MISSING } from './python.ts';
import { findSherpa, measureSherpa } from './sherpa.ts';

const python = await findPython();
const sherpa = findSherpa();
const server = existsSync(fileURLToPath(new URL('../../../packages/server/dist/node.js', import.meta.url)));

describe('withMetadata', () => {
  it('appends metadata that a protobuf reader finds, and the model still loads', async () => {
    const model = new Uint8Array(await readFile(FAST_CNN));
    const long = 'x'.repeat(300);
    const changed = withMetadata(model, { sample_rate: '16000', note: long });
    expect(Buffer.compare(changed.subarray(0, model.length), model)).toBe(0);
    // Field 14, 20 bytes long: field 1 "sample_rate", field 2 "16000".
    const entry = [0x72, 20, 0x0a, 11, ...Buffer.from('sample_rate'), 0x12, 5, ...Buffer.from('16000')];
    expect([...changed.subarray(model.length, model.length + entry.length)]).toEqual(entry);
    const session = await InferenceSession.create(changed);
    expect(session.inputNames).toEqual(['audio']);
    await session.release();
  });
});

describe.skipIf(python === undefined || !server)(
  `the Python server${python === undefined ? ` (skipped: ${PYTHON_MISSING})` : server ? '' : ' (skipped: npm run build)'}`,
  () => {
    it('serves the same load as this server, without errors', async () => {
      const result = await measurePython(python ?? '', { rounds: 1, requests: 40, warmUp: 20 });
      expect(result.lines[0]).toMatch(/^FastAPI .* success 100.0 %/);
      expect(result.lines[1]).toMatch(/^VoiceFlow .* success 100.0 %/);
      expect(result.figures.ratio).toBeGreaterThan(0);
    });
  },
);

describe.skipIf(typeof sherpa === 'string')(
  `sherpa-onnx${typeof sherpa === 'string' ? ` (skipped: ${sherpa})` : ''}`,
  () => {
    it('diarizes 12 seconds and reports its cost', async () => {
      if (typeof sherpa === 'string') return;
      const audio = join(await mkdtemp(join(tmpdir(), 'voiceflow-peer-')), 'short.wav');
      await writeFile(audio, repeatedWav(await conversationPcm(), 12));
      const result = await measureSherpa(sherpa, { audio, repeats: 1 });
      expect(result.figures.rtf).toBeGreaterThan(0);
      expect(result.figures.peakRss).toBeGreaterThan(0);
      expect(result.lines[0]).toMatch(/^12\.0 s of audio/);
      if (sherpa.random) expect(result.lines.join()).toContain('random weights');
    });
  },
);
