import type { Backend, Model, Tensor } from '../contract/backend.ts';
import { type Cases, check, checkClose, checkEqual, checkRejects, floats, withModel } from './check.ts';
import { affineFeeds, affineModel, affineResult, checkAffine, slowFeeds, slowModel } from './models.ts';

/** Ownership of buffers, and closing of models. */
export const lifeCases: Cases = {
  'does not depend on the bytes of the model after loading': async (create) => {
    const bytes = affineModel();
    const model = await load(create, bytes, 3);
    bytes.fill(0);
    // Overlapping runs, so that a pool that grows needs the bytes again.
    const runs = Array.from({ length: 12 }, async (_, seed) => {
      await checkAffine(model, 1, seed, 'a run after the bytes were overwritten');
    });
    await Promise.all(runs);
    await model.close();
  },
  'returns outputs that the caller owns': withModel({ bytes: affineModel }, async (model) => {
    const first = floats(await model.run(affineFeeds(2, 1)), 'y');
    const kept = first.slice();
    const second = floats(await model.run(affineFeeds(2, 2)), 'y');
    checkEqual([...first], [...kept], 'an output after the next run');
    check(first.buffer !== second.buffer, 'two runs share one buffer');
    first.fill(7);
    const third = floats(await model.run(affineFeeds(2, 1)), 'y');
    checkEqual([...third], [...kept], 'the same run after its output was overwritten');
  }),
  'does not detach or change the rest of a buffer': withModel({ bytes: affineModel }, async (model) => {
    const { x } = affineFeeds(3, 9);
    const whole = x.data.slice();
    const middle: Tensor = { type: 'float32', dims: [1, 8], data: whole.subarray(8, 16) };
    const outputs = await model.run({ x: middle });
    checkClose(floats(outputs, 'y'), affineResult(x.data.slice(8, 16)), 'output');
    checkEqual([...whole], [...x.data], 'the buffer of which a part was fed');
  }),
  'waits for running calls when closed': async (create) => {
    const model = await load(create, slowModel());
    let answered = 0;
    const runs = Array.from({ length: 5 }, () => model.run(slowFeeds(200)).then(() => (answered += 1)));
    await model.close();
    // The runs have resolved, and their `then` callbacks have run, before `close` resolves.
    checkEqual(answered, 5, 'runs answered when close was done');
    await Promise.all(runs);
  },
  'can be closed twice, also concurrently': async (create) => {
    const model = await load(create, affineModel());
    await model.run(affineFeeds(1, 1));
    await Promise.all([model.close(), model.close()]);
    await model.close();
  },
  'rejects runs after close': async (create) => {
    const model = await load(create, affineModel());
    const closing = model.close();
    await checkRejects(model.run(affineFeeds(1, 1)), 'closed', 'run while closing');
    await closing;
    await checkRejects(model.run(affineFeeds(1, 1)), 'closed', 'run after close');
  },
  'loads and closes many times': async (create) => {
    const backend = await create();
    for (let i = 0; i < 6; i += 1) {
      const model = await backend.load({ name: 'affine', bytes: affineModel() }, { workers: 1 });
      await checkAffine(model, 1, i, `load ${i}`);
      await model.close();
    }
  },
};

async function load(create: () => Promise<Backend>, bytes: Uint8Array, workers = 2): Promise<Model> {
  const backend = await create();
  return backend.load({ name: 'test model', bytes }, { workers });
}
