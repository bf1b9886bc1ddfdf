import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { fastCnnNetwork } from '../inference/fast-cnn-network.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { speechGateOf } from '../inference/speech-gate.ts';
import { analyzeJoined, type JoinedAnalysis, joinedContext, joinedModel } from '../offline/analyze-joined.ts';
import { diarize } from '../offline/diarize.ts';
import { embedSpans } from '../offline/embed.ts';
import type { LoadedWindows, Pipeline } from './pipeline.ts';
import { noLiveSessions } from './recordings.ts';

/**
 * The fast-cnn pipeline with the embeddings of a second network: windows → gated local speakers; pieces of clean
 * speech, cut by the gate's network → their embeddings; clustering with both kinds of embeddings → turns. `hop` in the
 * manifest's settings replaces that of the windows' own manifest.
 * @param network Embeds the pieces. @param windows Outputs the local speakers. @throws `model-incompatible`.
 */
export function joinedPipeline(
  manifest: ModelManifest,
  network: Model,
  segmentation?: Segmentation,
  windows?: LoadedWindows,
): Pipeline {
  if (!windows) {
    throw new VoiceFlowError('model-incompatible', `${manifest.id}@${manifest.version} has no network for windows`, {
      hint: 'set `windows` in the model package',
    });
  }
  const { hop = windows.manifest.settings.hop } = manifest.settings;
  const windowManifest = { ...windows.manifest, settings: { ...windows.manifest.settings, hop } };
  const cnn = fastCnnNetwork(windowManifest, windows.model, segmentation && speechGateOf(segmentation));
  const model = joinedModel(manifest, network, cnn);
  const { mean } = model.settings.voices;
  return {
    dimensions: mean.length,
    diarize: (source, request) =>
      diarize(
        (analysis: JoinedAnalysis) => joinedContext(model, analysis),
        (from, how) => analyzeJoined(model, from, how),
        source,
        request,
      ),
    embed: async (source, segments, request) => {
      const { byPieces, duration } = await analyzeJoined(model, source, request);
      return embedSpans({ mean, frame: cnn.frame }, byPieces, segments, duration);
    },
    open: noLiveSessions(manifest),
  };
}
