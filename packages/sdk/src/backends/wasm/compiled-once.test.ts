import { expect, it, vi } from 'vitest';
import { wasmBackend } from 'voiceflow-ml/backends/wasm';
import { affineModel } from 'voiceflow-ml/testing';

// A file of its own: nothing has been compiled in its process before.
it('compiles the runtime once for all sessions, and retries after a failure', async () => {
  const compile = vi.spyOn(WebAssembly, 'compile').mockRejectedValueOnce(new Error('no room'));
  const load = () => wasmBackend().load({ name: 'affine', bytes: affineModel() }, { workers: 1 });
  await expect(load()).rejects.toMatchObject({
    code: 'backend-unavailable',
    message: expect.stringContaining('cannot be used: no room'),
  });
  for (const model of await Promise.all([load(), load()])) await model.close();
  await (await load()).close();
  expect(compile).toHaveBeenCalledTimes(2);
});
