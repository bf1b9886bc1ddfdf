import type { Tensor } from '../contract/backend.ts';
import { type Cases, check, checkRejects, withModel } from './check.ts';
import { affineFeeds, affineModel, checkAffine, identityModel, pairModel } from './models.ts';

/** Invalid feeds and bytes: each must be rejected with an error code, without affecting other calls. */
export const refusalCases: Cases = {
  'rejects feeds that the network does not accept': withModel({ bytes: affineModel }, async (model) => {
    const { x } = affineFeeds(1, 1);
    const floatsOf = (...dims: number[]): Tensor => ({
      type: 'float32',
      dims,
      data: new Float32Array(dims.reduce((a, b) => a * b, 1)),
    });
    const wrong: Record<string, Record<string, Tensor>> = {
      nothing: {},
      'another name': { z: x },
      'one name too many': { x, z: x },
      'another type': { x: { type: 'int32', dims: [1, 8], data: new Int32Array(8) } },
      'another size': { x: floatsOf(1, 9) },
      'a missing dimension': { x: floatsOf(8) },
      'a dimension too many': { x: floatsOf(1, 1, 8) },
      'fewer values than the dimensions say': { x: { type: 'float32', dims: [2, 8], data: new Float32Array(8) } },
      'more values than the dimensions say': { x: { type: 'float32', dims: [1, 8], data: new Float32Array(9) } },
      'a negative dimension': { x: { type: 'float32', dims: [-1, -8], data: new Float32Array(8) } },
      'a dimension that is no number': { x: { type: 'float32', dims: [Number.NaN, 8], data: new Float32Array(8) } },
      'data of another kind': {
        x: { type: 'float32', dims: [1, 8], data: new Int32Array(8) as unknown as Float32Array },
      },
    };
    // Values that callers without type checking may pass.
    const untyped = {
      'no feeds': undefined,
      'a feed that is null': { x: null },
      'a feed without dimensions': { x: { type: 'float32', data: new Float32Array(8) } },
    };
    for (const [what, feeds] of Object.entries(untyped)) {
      await checkRejects(model.run(feeds as unknown as Record<string, Tensor>), 'model-incompatible', what);
    }
    for (const [what, feeds] of Object.entries(wrong)) {
      const error = await checkRejects(model.run(feeds), 'model-incompatible', what);
      check(error.message.includes('x'), `${what}: the message does not name the input: ${error.message}`);
    }
    await checkAffine(model, 2, 5, 'a right run after the wrong ones');
  }),
  'rejects inputs that differ in a common dimension': withModel({ bytes: pairModel }, async (model) => {
    const rows = (count: number): Tensor => ({
      type: 'float32',
      dims: [count, 3],
      data: new Float32Array(3 * count),
    });
    await checkRejects(model.run({ a: rows(2), b: rows(3) }), 'model-incompatible', '2 rows and 3 rows');
    await model.run({ a: rows(2), b: rows(2) });
  }),
  'rejects bytes that are not a model': async (create) => {
    const backend = await create();
    const whole = affineModel();
    const wrong = {
      'no bytes': new Uint8Array(0),
      zeros: new Uint8Array(1000),
      'a web page': new TextEncoder().encode('<!doctype html><title>404</title>'),
      'half a model': whole.slice(0, whole.length >> 1),
      'random bytes': Uint8Array.from({ length: 500 }, (_, i) => (i * 7919) % 256),
    };
    for (const [what, bytes] of Object.entries(wrong)) {
      await checkRejects(backend.load({ name: what, bytes }), 'model-incompatible', what);
    }
    const model = await backend.load({ name: 'affine', bytes: whole });
    await model.close();
  },
  'rejects models with unsupported tensor types': async (create) => {
    const backend = await create();
    for (const type of ['float16', 'float64'] as const) {
      await checkRejects(backend.load({ name: type, bytes: identityModel(type) }), 'model-incompatible', type);
    }
  },
  'rejects an invalid number of workers': async (create) => {
    const backend = await create();
    for (const workers of [0, -1, 1.5, Number.NaN]) {
      const load = backend.load({ name: 'affine', bytes: affineModel() }, { workers });
      await checkRejects(load, 'invalid-option', `workers: ${workers}`);
    }
  },
};
