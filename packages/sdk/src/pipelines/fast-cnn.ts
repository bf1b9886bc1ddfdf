import type { Model } from '../contract/backend.ts';
import type { ModelManifest } from '../contract/model.ts';
import { fastCnnNetwork } from '../inference/fast-cnn-network.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { speechGateOf } from '../inference/speech-gate.ts';
import { SharedPace } from '../live/pace.ts';
import { openSession } from '../live/session.ts';
import { analyze } from '../offline/analyze.ts';
import { diarize } from '../offline/diarize.ts';
import { embedSpans } from '../offline/embed.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * The pipeline of the embedded model: one-second windows → local speakers → clusters → turns.
 * @param segmentation A network with longer windows, used as a speech gate: activity is removed where it detects no
 *   speech. @throws `model-incompatible`.
 */
export function fastCnnPipeline(manifest: ModelManifest, model: Model, segmentation?: Segmentation): Pipeline {
  const cnn = fastCnnNetwork(manifest, model, segmentation && speechGateOf(segmentation));
  // `embed` runs without the gate: the caller asserts that somebody speaks in the segments.
  const { gate: _, ...ungated } = cnn;
  const sharedPace = new SharedPace();
  return {
    dimensions: cnn.network.dimensions,
    diarize: (source, request) =>
      diarize(
        () => cnn,
        (from, how) => analyze(cnn, from, how),
        source,
        request,
      ),
    embed: async (source, segments, request) => {
      const { local, duration } = await analyze(ungated, source, request);
      return embedSpans({ mean: cnn.settings.voices.mean, frame: cnn.frame }, local, segments, duration);
    },
    open: (options, origin) => openSession(cnn, options, origin, sharedPace),
  };
}
