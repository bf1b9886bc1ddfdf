/** The server where WebAssembly runs the network. */
import { describe, expect, it } from 'vitest';
import { NO_HURRY_ENV, NODE_ENTRY, spawnServer, windowBytes } from './harness.ts';

describe('the server on WebAssembly', () => {
  it('starts, and returns the same results as the native backend for windows and tensors', async () => {
    const answers = [];
    for (const backend of ['wasm', 'node']) {
      const server = await spawnServer([process.execPath, NODE_ENTRY, '--backend', backend], {
        VOICEFLOW_WORKERS: '1',
        ...NO_HURRY_ENV,
      });
      const post = async (path: string, headers: Record<string, string>) => {
        const response = await server.fetch(path, {
          method: 'POST',
          body: windowBytes(),
          headers: { 'content-type': 'application/octet-stream', 'x-deadline-ms': '60000', ...headers },
        });
        expect(response.status, backend).toBe(200);
        return new Uint8Array(await response.arrayBuffer());
      };
      for (let i = 0; i < 2; i++) await post('/v2/models/fast-cnn/infer', { 'inference-header-content-length': '0' });
      answers.push(new Float32Array((await post('/v1/infer', { accept: 'application/octet-stream' })).buffer));
      await server.close();
    }
    const [wasm, native] = answers;
    expect(wasm?.length).toBe(native?.length);
    native?.forEach((value, i) => void expect(Math.abs(value - (wasm?.[i] ?? Number.NaN))).toBeLessThan(1e-3));
  });

  it('rejects an unknown backend', async () => {
    await expect(spawnServer([process.execPath, NODE_ENTRY, '--backend', 'gpu'])).rejects.toThrow(/backend is "gpu"/);
  });
});
