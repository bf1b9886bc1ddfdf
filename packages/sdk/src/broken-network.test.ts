import { expect, it } from 'vitest';
import { samplesSource } from './audio/pipes.ts';
import type { Model } from './contract/backend.ts';
import { VoiceFlowError } from './contract/errors.ts';
import { audioOf, liveCnn, open } from './live/fixtures/live.ts';
import { fastCnnPipeline } from './pipelines/fast-cnn.ts';
import { conversation, manifest, RATE, script, scriptedModel } from './stages/fixtures/scripted.ts';

/** The scripted network with some number in an output of its `run`-th run. */
function poisoned(model: Model, output: string, value: number, run: number): Model {
  let runs = 0;
  return {
    ...model,
    async run(feeds, options) {
      const outputs = await model.run(feeds, options);
      if (runs++ === run) (outputs[output]?.data as Float32Array)[7] = value;
      return outputs;
    },
  };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

const cases = ['activity', 'embeddings'].flatMap((output) =>
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => [output, value] as const),
);

it.each(cases)('%s of %d are reported as a failure of the backend', async (output, value) => {
  const model = poisoned(scriptedModel(), output, value, 2);
  const source = samplesSource({ samples: script(conversation(2, 20, 7), 20), sampleRate: RATE });
  const offline = await failure(
    fastCnnPipeline(manifest(), model).diarize(source, { bounds: { least: 1, most: 9 }, known: [] }),
  );
  expect(VoiceFlowError.isInstance(offline) && offline.code).toBe('backend-failed');
  expect(String(offline)).toContain(`"${output}" is ${value} at index 7`);

  const cnn = liveCnn();
  const session = open({ ...cnn, model: poisoned(cnn.model, output, value, 2) });
  const live = await failure(session.push(audioOf(conversation(2, 6, 7), 6)));
  expect(VoiceFlowError.isInstance(live) && live.code).toBe('backend-failed');
});
