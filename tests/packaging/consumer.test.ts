import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { borrow, installPacked, makeFolder, pack, publicPackages, ROOT, removeFolder } from './packed.ts';

/** A program of a user's, against the packages as they are published. */

const USED = ['voiceflow-ml', '@voiceflow-ml/fast-cnn', '@voiceflow-ml/segmenter', '@voiceflow-ml/wasm-runtime'];
const PROGRAM = `
import { type AudioInput, createDiarizer, type Diarization, VoiceFlowError } from 'voiceflow-ml';
import { fastCnn } from '@voiceflow-ml/fast-cnn';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { wasmBackend } from 'voiceflow-ml/backends/wasm';
import { testBackend } from 'voiceflow-ml/testing';

export async function who(audio: AudioInput, signal: AbortSignal): Promise<string[]> {
  const diarizer = await createDiarizer({ model: fastCnn, backend: nodeBackend(), signal });
  try {
    const result: Diarization = await diarizer.diarize(audio, { numSpeakers: 2, signal });
    return result.turns.map(({ start, end, speaker }) => [start.toFixed(2), end.toFixed(2), speaker].join(' '));
  } catch (error) {
    if (VoiceFlowError.isInstance(error) && error.code === 'invalid-audio') return [error.hint ?? ''];
    throw error;
  } finally {
    await diarizer.close();
  }
}
export const other = () => createDiarizer({ backend: wasmBackend({ threads: 2 }) });
export const suite = testBackend;
// @ts-expect-error: no such backend
export const wrong = () => createDiarizer({ backend: 'gpu' });
`;

const EDGE = `
import wasm from '@voiceflow-ml/wasm-runtime/ort-wasm-simd-threaded.wasm';
import weights from '@voiceflow-ml/fast-cnn/fast-cnn.onnx';
import { createDiarizer, fastCnnFrom, wasmBackend } from 'voiceflow-ml';
export const diarizer = createDiarizer({ model: fastCnnFrom(weights), backend: wasmBackend({ wasm }) });
`;

let folder = '';

beforeAll(() => {
  folder = makeFolder();
  const wanted = publicPackages().filter(({ name }) => USED.includes(name));
  for (const one of wanted) installPacked(pack(one.folder, folder), folder);
  for (const name of ['@types/node', 'undici-types']) borrow(name, folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  writeFileSync(join(folder, 'program.ts'), PROGRAM);
});
afterAll(() => removeFolder(folder));

describe('types', () => {
  const compile = (options: object) => {
    const tsconfig = join(folder, 'tsconfig.json');
    const common = { strict: true, noEmit: true, target: 'ES2022', exactOptionalPropertyTypes: true };
    writeFileSync(tsconfig, JSON.stringify({ compilerOptions: { ...common, ...options }, include: ['program.ts'] }));
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    return spawnSync(process.execPath, [tsc, '-p', tsconfig], { cwd: folder, encoding: 'utf8' });
  };

  it('compile for a server: NodeNext, with Node types', () => {
    const { status, stdout } = compile({ module: 'NodeNext', lib: ['ES2023'], types: ['node'], skipLibCheck: true });
    expect(status, stdout).toBe(0);
  });

  it('compile without DOM types, with declarations checked', () => {
    const bundler = { module: 'ESNext', moduleResolution: 'Bundler' };
    const { status, stdout } = compile({ ...bundler, lib: ['ES2022'], types: ['node'], skipLibCheck: false });
    expect(status, stdout).toBe(0);
  });

  it('compile for a page with older DOM types, with declarations checked', () => {
    const bundler = { module: 'ESNext', moduleResolution: 'Bundler' };
    const { status, stdout } = compile({ ...bundler, lib: ['ES2022', 'DOM'], types: [], skipLibCheck: false });
    expect(status, stdout).toBe(0);
  });

  it('compile for an edge worker that imports the WebAssembly and the weights', () => {
    writeFileSync(join(folder, 'program.ts'), EDGE);
    const { status, stdout } = compile({
      module: 'ESNext',
      moduleResolution: 'Bundler',
      lib: ['ES2022', 'WebWorker'],
      types: [],
    });
    writeFileSync(join(folder, 'program.ts'), PROGRAM);
    expect(status, stdout).toBe(0);
  });

  it('compile for a page: Bundler, with DOM types, with declarations checked', () => {
    const lib = ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'];
    const { status, stdout } = compile({ module: 'ESNext', moduleResolution: 'Bundler', lib, types: [] });
    expect(status, stdout).toBe(0);
  });
});

// Node 20 itself hangs at its end once in a long while (nodejs/node#54918), hence a second try.
describe('an installed package', { retry: 1 }, () => {
  const run = (source: string) => {
    writeFileSync(join(folder, 'run.mjs'), source);
    return spawnSync(process.execPath, ['run.mjs'], { cwd: folder, encoding: 'utf8', timeout: 60_000 });
  };
  const silence = 'const audio = { samples: new Float32Array(32000), sampleRate: 16000 };';

  it('falls back to WebAssembly with a warning if the native runtime is not installed', () => {
    const { stdout, stderr } = run(`
      import { createDiarizer } from 'voiceflow-ml';
      ${silence}
      const diarizer = await createDiarizer();
      const { backend, warnings } = await diarizer.diarize(audio);
      console.log(JSON.stringify({ backend, warnings: warnings.map(({ code }) => code) }));
      await diarizer.close();
    `);
    expect(stderr).toBe('');
    const answer = JSON.parse(stdout) as { backend: string; warnings: string[] };
    expect(answer.backend).toBe('wasm');
    expect(answer.warnings).toContain('backend-fallback');
  });

  it('reports what to install if the native backend is requested', () => {
    const { stdout } = run(`
      import { createDiarizer } from 'voiceflow-ml';
      await createDiarizer({ backend: 'node' }).catch(({ code, hint }) => console.log(code, hint));
    `);
    expect(stdout).toMatch(/^backend-unavailable install it with `npm install onnxruntime-node`/);
  });

  it('uses the native backend if installed', () => {
    borrow('onnxruntime-node', folder);
    const { stdout, stderr } = run(`
      import { createDiarizer } from 'voiceflow-ml';
      ${silence}
      const diarizer = await createDiarizer();
      console.log((await diarizer.diarize(audio)).backend);
      await diarizer.close();
    `);
    expect(stderr).toBe('');
    expect(stdout.trim()).toBe('node');
  });
});
