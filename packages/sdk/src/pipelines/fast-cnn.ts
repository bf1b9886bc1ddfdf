import type { Model } from '../contract/backend.ts';
import type { ModelManifest } from '../contract/model.ts';
import { gateOf } from '../inference/gate.ts';
import { fastCnn } from '../inference/network.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { Tempo } from '../live/pace.ts';
import { openSession } from '../live/session.ts';
import { analyze } from '../offline/analyze.ts';
import { diarize } from '../offline/diarize.ts';
import { embedSpans } from '../offline/embed.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * One second at a time: windows → local speakers → clusters → turns.
 * @param segmentation A network of more context: where it says that nobody speaks, nobody does. @throws `model-incompatible`.
 */
export function fastCnnPipeline(manifest: ModelManifest, model: Model, segmentation?: Segmentation): Pipeline {
  const cnn = fastCnn(manifest, model, segmentation && gateOf(segmentation));
  // Whoever names a segment says that somebody speaks there.
  const { gate: _, ...ungated } = cnn;
  const tempo = new Tempo();
  return {
    dimensions: cnn.network.dimensions,
    diarize: (source, request) =>
      diarize(
        () => cnn,
        (from, how) => analyze(cnn, from, how),
        source,
        request,
      ),
    embed: async (source, segments, signal) => {
      const { local, duration } = await analyze(ungated, source, { signal });
      return embedSpans(cnn, local, segments, duration);
    },
    open: (options, origin) => openSession(cnn, options, origin, tempo),
  };
}
