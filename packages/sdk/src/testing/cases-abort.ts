import type { Backend, Model } from '../contract/backend.ts';
import type { BackendCase } from './case.ts';
import { withModel } from './cases-run.ts';
import { check, checkClose, checkEqual, checkRejects, floats } from './check.ts';
import { affineFeeds, affineModel, affineResult, slowFeeds, slowModel } from './models.ts';

/** Cancellation: it must affect only the call whose signal aborts. */
export function abortCases(create: () => Promise<Backend>): BackendCase[] {
  return [
    { name: 'rejects a run whose signal is already aborted', run: () => withModel(create, affineModel(), firedBefore) },
    { name: 'aborts a running run', run: () => withModel(create, slowModel(), underWay, 1) },
    { name: 'aborts only the queued runs whose signal aborts', run: () => withModel(create, slowModel(), waiting, 1) },
    { name: 'aborts many runs at random times', run: () => withModel(create, affineModel(), manyAborts, 2) },
    { name: 'ignores an abort after the run has ended', run: () => withModel(create, affineModel(), late) },
    { name: 'aborts a load', run: () => abortedLoad(create) },
  ];
}

async function stillRight(model: Model): Promise<void> {
  const outputs = await model.run(slowFeeds(3));
  checkEqual(outputs.y?.dims, [3, 256], 'dimensions of a run after an abort');
}

async function firedBefore(model: Model): Promise<void> {
  const reason = new Error('my reason');
  const error = await checkRejects(
    model.run(affineFeeds(1, 1), { signal: AbortSignal.abort(reason) }),
    'aborted',
    'run',
  );
  check(error.cause === reason, 'the cause is not the reason of the signal');
  const feeds = affineFeeds(2, 2);
  const expected = affineResult(feeds.x.data);
  checkClose(floats(await model.run(feeds), 'y'), expected, 'the run after it');
}

async function underWay(model: Model): Promise<void> {
  const controller = new AbortController();
  const run = model.run(slowFeeds(), { signal: controller.signal });
  const rejected = checkRejects(run, 'aborted', 'run');
  await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  await rejected;
  await stillRight(model);
}

async function waiting(model: Model): Promise<void> {
  const controller = new AbortController();
  const first = model.run(slowFeeds(500));
  const doomed = Array.from({ length: 5 }, () =>
    checkRejects(model.run(slowFeeds(500), { signal: controller.signal }), 'aborted', 'a waiting run'),
  );
  const last = model.run(slowFeeds(500));
  controller.abort();
  await Promise.all(doomed);
  const [one, two] = [floats(await first, 'y'), floats(await last, 'y')];
  check(
    one.every((value, i) => value === two[i]),
    'the runs around the aborted ones differ',
  );
}

async function manyAborts(model: Model): Promise<void> {
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, async (_, seed) => {
      const controller = new AbortController();
      const feeds = affineFeeds(1, seed);
      const expected = affineResult(feeds.x.data);
      const run = model.run(feeds, { signal: controller.signal });
      if (seed % 3 === 0) setTimeout(() => controller.abort(), seed % 7);
      try {
        checkClose(floats(await run, 'y'), expected, `run ${seed}`);
        return 'done';
      } catch (error) {
        if (seed % 3 !== 0) throw error;
        await checkRejects(Promise.reject(error), 'aborted', `run ${seed}`);
        return 'aborted';
      }
    }),
  );
  check(outcomes.filter((outcome) => outcome === 'done').length >= 40, 'runs without a signal were aborted');
}

async function late(model: Model): Promise<void> {
  const controller = new AbortController();
  const outputs = await model.run(affineFeeds(1, 1), { signal: controller.signal });
  controller.abort();
  checkClose(floats(outputs, 'y'), affineResult(affineFeeds(1, 1).x.data), 'output');
  await model.run(affineFeeds(1, 2));
}

async function abortedLoad(create: () => Promise<Backend>): Promise<void> {
  const backend = await create();
  const file = { name: 'affine', bytes: affineModel() };
  await checkRejects(backend.load(file, { signal: AbortSignal.abort() }), 'aborted', 'load with a fired signal');
  const controller = new AbortController();
  const loading = checkRejects(backend.load(file, { signal: controller.signal }), 'aborted', 'load');
  controller.abort();
  await loading;
  const model = await backend.load(file);
  await model.run(affineFeeds(1, 1));
  await model.close();
}
