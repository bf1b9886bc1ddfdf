/** Ends in the way that is asked for, which must go well whatever the workers are doing. */
import { affineModel, slowFeeds, slowModel } from 'voiceflow-ml/testing';
import { backendOf } from './host.mjs';

const [, , name, way] = process.argv;
const backend = await backendOf(name);

if (way === 'forgets to close') {
  const model = await backend.load({ name: 'slow', bytes: slowModel() }, { workers: 2 });
  await Promise.all([model.run(slowFeeds(50)), model.run(slowFeeds(50))]);
  console.log('done');
}
if (way === 'exits during runs') {
  const model = await backend.load({ name: 'slow', bytes: slowModel() }, { workers: 2 });
  // So that both workers are there, then both busy.
  await Promise.all([model.run(slowFeeds(500)), model.run(slowFeeds(500)), model.run(slowFeeds(500))]);
  for (let i = 0; i < 4; i += 1) model.run(slowFeeds(3000)).catch(() => {});
  setTimeout(() => process.exit(3), 20);
}
if (way === 'exits while loading') {
  backend.load({ name: 'affine', bytes: affineModel() }).catch(() => {});
  setTimeout(() => process.exit(3), 30);
}
if (way === 'throws during a run') {
  const model = await backend.load({ name: 'slow', bytes: slowModel() }, { workers: 1 });
  model.run(slowFeeds(3000)).catch(() => {});
  setTimeout(() => {
    throw new Error('the program failed');
  }, 20);
}
if (way === 'is interrupted during a run') {
  const model = await backend.load({ name: 'slow', bytes: slowModel() }, { workers: 1 });
  model.run(slowFeeds(3000)).catch(() => {});
  setTimeout(() => process.kill(process.pid, 'SIGINT'), 20);
}
