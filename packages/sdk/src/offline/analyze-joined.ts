import type { AudioSource } from '../contract/audio.ts';
import type { Model } from '../contract/backend.ts';
import type { ModelManifest } from '../contract/model.ts';
import { type Embedding, embedding } from '../inference/embedding.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { checkDimensions, incompatible } from '../inference/incompatible.ts';
import type { Segmentation } from '../inference/segmentation.ts';
import { clusterJoined } from '../stages/cluster-joined.ts';
import { type JoinedSettings, joinedSettings } from '../stages/joined-settings.ts';
import type { LocalRecording } from '../stages/local-speakers.ts';
import { PieceSpeakers } from '../stages/piece-speakers.ts';
import { type Analysis, analyze } from './analyze.ts';
import { PieceCollector } from './piece-collector.ts';
import type { SolveContext } from './speaker-turns.ts';
import type { AnalyzeRequest } from './types.ts';

/** The networks of the joined pipeline: the Fast CNN with its gate, and a network that embeds pieces of speech. */
interface JoinedModel {
  readonly manifest: ModelManifest;
  readonly cnn: FastCnnNetwork;
  readonly segmentation: Segmentation;
  readonly embedding: Embedding;
  readonly settings: JoinedSettings;
}

/** Checks that the networks and the settings fit together. @throws `model-incompatible`. */
export function joinedModel(manifest: ModelManifest, network: Model, cnn: FastCnnNetwork): JoinedModel {
  const voices = embedding(manifest, network);
  const settings = joinedSettings(manifest);
  const segmentation = cnn.gate?.segmentation;
  if (!segmentation) throw incompatible(manifest, 'it has no segmentation network');
  if (voices.part.sampleRate !== segmentation.part.sampleRate) {
    throw incompatible(
      manifest,
      `its networks need ${segmentation.part.sampleRate} and ${voices.part.sampleRate} Hz, expected equal rates`,
    );
  }
  if (manifest.sampleRate !== cnn.manifest.sampleRate) {
    throw incompatible(
      manifest,
      `its sample rate is ${manifest.sampleRate} Hz, expected ${cnn.manifest.sampleRate} Hz as for its windows`,
    );
  }
  checkDimensions(manifest, settings.voices.from, voices.part.dimensions);
  return { manifest, cnn, segmentation, embedding: voices, settings };
}

/** Outputs of the networks for a whole source. */
export interface JoinedAnalysis extends Analysis {
  /** The local speakers with the embeddings of the pieces that they speak. */
  readonly byPieces: LocalRecording;
}

/** Runs all networks on a source. @throws Same as `analyze`. */
export async function analyzeJoined(
  { cnn, segmentation, embedding: voices, settings }: JoinedModel,
  source: AudioSource,
  request: AnalyzeRequest,
): Promise<JoinedAnalysis> {
  const begun = performance.now();
  const collector = new PieceCollector(voices, segmentation, settings.pieces, request.signal);
  const analysis = await analyze(cnn, source, request, collector);
  const pieces = await collector.end();
  const { frameStart, frameStep, sampleRate } = segmentation.part;
  const voiced = new PieceSpeakers(analysis.local, {
    pieces,
    grid: { frame: frameStep / sampleRate, offset: (frameStart - frameStep / 2) / sampleRate },
    frame: cnn.frame,
    on: cnn.settings.activity.on,
    mean: settings.voices.mean,
  });
  return { ...analysis, byPieces: voiced, total: performance.now() - begun };
}

/** Solver context: clusters with both kinds of embeddings; the speakers' embeddings are those of the pieces. */
export function joinedContext(
  { manifest, cnn, settings }: JoinedModel,
  { local, byPieces: other }: JoinedAnalysis,
): SolveContext {
  return {
    manifest,
    settings: cnn.settings,
    frame: cnn.frame,
    cluster: () => clusterJoined(local, other, cnn.settings, settings, cnn.frame),
    identity: { local: other, settings },
  };
}
