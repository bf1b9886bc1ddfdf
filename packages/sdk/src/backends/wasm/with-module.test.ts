import { expect, it } from 'vitest';
import { type OrtWasm, openWithModule } from './with-module.ts';

/** A module without imports that exports `f`. */
const TINY = Uint8Array.of(
  ...[
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65, 42, 11,
  ],
);
const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

it('replaces only the bytes of ONNX Runtime, so that others can instantiate their modules meanwhile', async () => {
  const { instantiate } = WebAssembly;
  const seen: string[][] = [];
  const env: OrtWasm['env'] = { wasm: {} };
  const create = async () => {
    for (const bytes of [env.wasm.wasmBinary, new Uint8Array(env.wasm.wasmBinary as ArrayBuffer), EMPTY]) {
      const { instance } = await WebAssembly.instantiate(bytes as Uint8Array<ArrayBuffer>);
      seen.push(Object.keys(instance.exports));
    }
    seen.push(Object.keys((await WebAssembly.instantiate(await WebAssembly.compile(EMPTY))).exports));
    return { inputMetadata: [], outputMetadata: [], run: async () => ({}), release: async () => {} };
  };
  const ort: OrtWasm = { env, InferenceSession: { create }, Tensor: class {} as unknown as OrtWasm['Tensor'] };
  await openWithModule(ort, await WebAssembly.compile(TINY), 1, new Uint8Array(1));
  expect(seen).toEqual([['f'], ['f'], [], []]);
  expect(WebAssembly.instantiate).toBe(instantiate);
});
