import type { AudioSource } from '../contract/audio.ts';
import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { type Embedding, embedding } from '../inference/embedding.ts';
import { checkDimensions, checkRates } from '../inference/incompatible.ts';
import { firstFrame, type Segmentation, segmentationRunner } from '../inference/segmentation.ts';
import { ActiveSpeakersAdder, piecePosteriors } from '../stages/active-speakers.ts';
import { type RecordingSettings, recordingSettings } from '../stages/recording-settings.ts';
import { SegmentedRecording } from '../stages/segmented.ts';
import { PieceCollector } from './piece-collector.ts';
import { modelProgress, readSource } from './read-source.ts';
import type { SolveContext } from './speaker-turns.ts';
import type { AnalyzeRequest, NetworkOutputs } from './types.ts';

/** A segmentation network for windows of several seconds, an embedding network for pieces of speech, and settings. */
export interface RecordingModel {
  readonly manifest: ModelManifest;
  readonly segmentation: Segmentation;
  readonly embedding: Embedding;
  readonly settings: RecordingSettings;
  /** Seconds per frame, and from the recording's start to the start of its first frame. */
  readonly frame: number;
  readonly offset: number;
  /** Samples between windows. */
  readonly step: number;
}

/** Checks that manifest, networks and settings fit together. @throws `model-incompatible`. */
export function recordingModel(manifest: ModelManifest, network: Model, segmenter?: Segmentation): RecordingModel {
  const voices = embedding(manifest, network);
  if (!segmenter) {
    throw new VoiceFlowError(
      'model-incompatible',
      `${manifest.id}@${manifest.version} has no segmentation network; the pipeline for recordings needs one`,
      { hint: 'set `segmenter` in the model package' },
    );
  }
  const settings = recordingSettings(manifest);
  const { part } = segmenter;
  checkRates(manifest, part.sampleRate, voices.part.sampleRate);
  checkDimensions(manifest, settings.voices.from, voices.part.dimensions);
  return {
    manifest,
    segmentation: segmenter,
    embedding: voices,
    settings,
    frame: part.frameStep / part.sampleRate,
    offset: (part.frameStart - part.frameStep / 2) / part.sampleRate,
    step: Math.round(settings.segmentation.step * part.sampleRate),
  };
}

/** Solver context: with `turns.count`, the number of active speakers per frame is that of the segmentation network. */
export function recordingContext(model: RecordingModel, { local }: Pick<RecordingAnalysis, 'local'>): SolveContext {
  const { settings, frame } = model;
  const { count, pieces } = settings.turns;
  if (!count) return model;
  return {
    ...model,
    adder: function* (shape, { models }) {
      const posteriors = pieces && (yield* piecePosteriors(local.pieces, models, settings.voices, frame, pieces));
      const adder = new ActiveSpeakersAdder(shape, count, posteriors);
      return {
        add: (window, speakerOf) => adder.add(local.activity(window), local.levels(window), speakerOf),
        take: () => adder.take(),
      };
    },
  };
}

/** Outputs of both networks for a whole source. */
export type RecordingAnalysis = NetworkOutputs<SegmentedRecording>;

/** Runs both networks on a source, in parallel. @throws `invalid-audio` for a source without samples. */
export async function analyzeRecording(
  model: RecordingModel,
  source: AudioSource,
  { signal, onProgress }: AnalyzeRequest,
): Promise<RecordingAnalysis> {
  const { settings, frame, step } = model;
  const { part, powerset } = model.segmentation;
  const startOf = (window: number) => firstFrame(part, window, step);
  const local = new SegmentedRecording(
    { frames: part.frames, slots: part.speakers, dimensions: model.embedding.part.dimensions, startOf },
    Math.max(1, Math.round(settings.activity.shortest / frame)),
  );
  const pieces = new PieceCollector(model.embedding, model.segmentation, settings.pieces, signal);
  const report = modelProgress(source, onProgress);
  const runner = segmentationRunner(model.segmentation, { step, signal }, async (window, scores) => {
    local.add(powerset.decisions(scores), powerset.levels(scores));
    await pieces.window(startOf(window), scores);
    report(((window + 1) * step) / part.sampleRate);
  });
  const both = {
    push: async (chunk: Float32Array) => {
      pieces.push(chunk);
      await runner.push(chunk);
    },
    end: async () => {
      await runner.end();
      local.setPieces(await pieces.end());
    },
    settled: async () => {
      await runner.settled();
      await pieces.settled();
    },
  };
  return { local, ...(await readSource(source, both, signal)) };
}
