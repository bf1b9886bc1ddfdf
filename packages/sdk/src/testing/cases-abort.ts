import { type Cases, check, checkClose, checkEqual, checkRejects, floats, withModel } from './check.ts';
import { affineFeeds, affineModel, affineResult, checkAffine, slowFeeds, slowModel } from './models.ts';

/** Rows of the longest run that is aborted. */
const MOST_ROWS = 32_000;

/** Cancellation: it must affect only the call whose signal aborts. */
export const abortCases: Cases = {
  'rejects a run whose signal is already aborted': withModel({ bytes: affineModel }, async (model) => {
    const reason = new Error('my reason');
    const error = await checkRejects(
      model.run(affineFeeds(1, 1), { signal: AbortSignal.abort(reason) }),
      'aborted',
      'run',
    );
    check(error.cause === reason, 'the cause is not the reason of the signal');
    await checkAffine(model, 2, 2, 'the run after it');
  }),
  'aborts a running run': withModel({ bytes: slowModel, workers: 1 }, async (model) => {
    for (let rows = 2000; ; rows *= 2) {
      let ended = false;
      const controller = new AbortController();
      const run = model.run(slowFeeds(rows), { signal: controller.signal });
      run.then(
        () => {
          ended = true;
        },
        () => {},
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
      // The machine is fast, or had no time for this thread: a longer run is aborted instead.
      if (ended && rows < MOST_ROWS) continue;
      controller.abort();
      await checkRejects(run, 'aborted', 'run');
      break;
    }
    const outputs = await model.run(slowFeeds(3));
    checkEqual(outputs.y?.dims, [3, 256], 'dimensions of a run after an abort');
  }),
  'aborts only the queued runs whose signal aborts': withModel({ bytes: slowModel, workers: 1 }, async (model) => {
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
  }),
  'aborts many runs at random times': withModel({ bytes: affineModel, workers: 2 }, async (model) => {
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, async (_, seed) => {
        const controller = new AbortController();
        const run = checkAffine(model, 1, seed, `run ${seed}`, { signal: controller.signal });
        if (seed % 3 === 0) setTimeout(() => controller.abort(), seed % 7);
        try {
          await run;
          return 'done';
        } catch (error) {
          if (seed % 3 !== 0) throw error;
          await checkRejects(Promise.reject(error), 'aborted', `run ${seed}`);
          return 'aborted';
        }
      }),
    );
    check(outcomes.filter((outcome) => outcome === 'done').length >= 40, 'runs without a signal were aborted');
  }),
  'ignores an abort after the run has ended': withModel({ bytes: affineModel }, async (model) => {
    const controller = new AbortController();
    const outputs = await model.run(affineFeeds(1, 1), { signal: controller.signal });
    controller.abort();
    checkClose(floats(outputs, 'y'), affineResult(affineFeeds(1, 1).x.data), 'output');
    await model.run(affineFeeds(1, 2));
  }),
  'aborts a load': async (create) => {
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
  },
};
