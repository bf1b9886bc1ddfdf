import type { Model, Tensor } from '../contract/backend.ts';
import { type Cases, check, checkClose, checkEqual, floats, withModel } from './check.ts';
import {
  affineFeeds,
  affineModel,
  affineResult,
  checkAffine,
  identityModel,
  pairModel,
  slowFeeds,
  slowModel,
} from './models.ts';

/** Results of a loaded network. */
export const runCases: Cases = {
  'reports its capabilities': async (create) => {
    const backend = await create();
    check(backend.name.length > 0, 'the backend has no name');
    const { workers, threads, simd, gpu, notes } = await backend.capabilities();
    check(Number.isInteger(workers) && workers >= 1, `workers is ${workers}`);
    check(Number.isInteger(threads) && threads >= 1, `threads is ${threads}`);
    check(typeof simd === 'boolean' && typeof gpu === 'boolean', 'simd and gpu must be true or false');
    const complete = threads > 1 && simd && gpu;
    check(complete || notes.length > 0, 'something is missing and no note says why');
  },
  'describes inputs and outputs': withModel({ bytes: affineModel }, async (model) => {
    checkEqual(model.inputs, [{ name: 'x', type: 'float32', dims: ['N', 8] }], 'inputs');
    checkEqual(model.outputs, [{ name: 'y', type: 'float32', dims: ['N', 4] }], 'outputs');
    check(Number.isInteger(model.concurrency) && model.concurrency >= 1, `concurrency is ${model.concurrency}`);
  }),
  'returns correct values': withModel({ bytes: affineModel }, rightNumbers),
  'returns identical bits for identical feeds': withModel({ bytes: slowModel }, async (model) => {
    const first = floats(await model.run(slowFeeds(50)), 'y');
    const second = floats(await model.run(slowFeeds(50)), 'y');
    check(
      first.every((value, i) => value === second[i]),
      'two runs on the same feeds differ',
    );
  }),
  'computes each row of a batch independently': withModel({ bytes: affineModel }, async (model) => {
    const batch = affineFeeds(5, 11);
    const rows = Array.from({ length: 5 }, (_, i) => batch.x.data.slice(8 * i, 8 * i + 8));
    const together = floats(await model.run(batch), 'y');
    for (const [i, data] of rows.entries()) {
      const alone = floats(await model.run({ x: { type: 'float32', dims: [1, 8], data } }), 'y');
      checkClose(together.slice(4 * i, 4 * i + 4), alone, `row ${i}`);
    }
  }),
  'supports several inputs and outputs': withModel({ bytes: pairModel }, pair),
  'supports every tensor type': async (create) => {
    const tensors: Tensor[] = [
      { type: 'float32', dims: [3], data: Float32Array.of(-1.5, 0, 3e38) },
      { type: 'int32', dims: [3], data: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1) },
      { type: 'int64', dims: [3], data: BigInt64Array.of(-(2n ** 63n), 0n, 2n ** 63n - 1n) },
      { type: 'uint8', dims: [3], data: Uint8Array.of(0, 1, 255) },
      { type: 'bool', dims: [3], data: Uint8Array.of(0, 1, 1) },
    ];
    for (const x of tensors) {
      const expected = [...x.data].map(String);
      const test = withModel({ bytes: () => identityModel(x.type) }, async (model) => {
        const { y } = await model.run({ x });
        checkEqual(y?.type, x.type, 'type');
        checkEqual([...(y?.data ?? [])].map(String), expected, `values of ${x.type}`);
      });
      await test(create);
    }
  },
  'resolves each of many overlapping runs once': withModel({ bytes: affineModel, workers: 3 }, async (model) => {
    const runs = Array.from({ length: 100 }, async (_, seed) => {
      const rows = 1 + (seed % 4);
      await checkAffine(model, rows, seed, `run ${seed}`);
    });
    await Promise.all(runs);
  }),
  'runs several models concurrently': async (create) => {
    const backend = await create();
    const affine = await backend.load({ name: 'affine', bytes: affineModel() });
    const pairs = await backend.load({ name: 'pair', bytes: pairModel() });
    try {
      await Promise.all(Array.from({ length: 10 }, () => [rightNumbers(affine), pair(pairs)]).flat());
    } finally {
      await Promise.all([affine.close(), pairs.close()]);
    }
  },
  'lets timers fire during runs': withModel({ bytes: slowModel }, async (model) => {
    let ticks = 0;
    let open = true;
    const tick = () => {
      ticks += 1;
      if (open) setTimeout(tick, 0);
    };
    setTimeout(tick, 0);
    // Each run starts when the previous one has finished: a backend that resolves in microtasks would block the timer.
    let runs = 0;
    for (; ticks < TICKS && runs < MOST_RUNS; runs += 1) await model.run(slowFeeds(500));
    open = false;
    check(ticks >= TICKS, `a timer fired ${ticks} times during ${runs} runs in a row`);
  }),
};

async function rightNumbers(model: Model): Promise<void> {
  for (const rows of [1, 2, 7, 300]) {
    const feeds = affineFeeds(rows, rows);
    const expected = affineResult(feeds.x.data);
    const outputs = await model.run(feeds);
    checkEqual(Object.keys(outputs), ['y'], 'names of outputs');
    checkEqual(outputs.y?.dims, [rows, 4], `dimensions for ${rows} rows`);
    checkClose(floats(outputs, 'y'), expected, `${rows} rows`);
  }
}

async function pair(model: Model): Promise<void> {
  const tensor = (...data: number[]): Tensor => ({ type: 'float32', dims: [1, 3], data: Float32Array.from(data) });
  const outputs = await model.run({ b: tensor(1, 1, 2), a: tensor(1, 2, 3) });
  checkEqual([...floats(outputs, 'sum')], [2, 3, 5], 'sum');
  checkEqual([...floats(outputs, 'difference')], [0, 1, 1], 'difference');
}

/** Times that a timer fires during runs, and runs after which it must have: a run may be shorter than a timer's least delay. */
const [TICKS, MOST_RUNS] = [3, 100];
