import type { AudioSource } from '../contract/audio.ts';
import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { embedding } from '../inference/embedding.ts';
import type { Embedding } from '../inference/piece-embedding.ts';
import { PieceVoices } from '../inference/piece-voices.ts';
import { pushAll } from '../inference/run-windows.ts';
import { firstFrame, type Segmentation, segmentationRunner } from '../inference/segmentation.ts';
import { PieceCutter } from '../stages/pieces.ts';
import { SegmentedRecording } from '../stages/segmented.ts';
import { type RecordingSettings, recordingSettings } from '../stages/settings.ts';
import type { DiarizeRequest } from './types.ts';

/** Two networks and their settings: who speaks in windows of some seconds, and whose voice a piece of speech is. */
export interface RecordingModel {
  readonly manifest: ModelManifest;
  readonly segmentation: Segmentation;
  readonly embedding: Embedding;
  readonly settings: RecordingSettings;
  /** Seconds of a frame, and from the recording's start to that of its first frame. */
  readonly frame: number;
  readonly offset: number;
  /** Samples between windows. */
  readonly step: number;
}

/** Checks that manifest, networks and settings belong together. @throws `model-incompatible`. */
export function recordingModel(manifest: ModelManifest, network: Model, segmenter?: Segmentation): RecordingModel {
  const voices = embedding(manifest, network);
  if (!segmenter) {
    throw new VoiceFlowError(
      'model-incompatible',
      `${manifest.id}@${manifest.version} has no segmentation network; the pipeline for recordings needs one`,
      { hint: 'give the model package a `segmenter`' },
    );
  }
  const settings = recordingSettings(manifest);
  const { part } = segmenter;
  if (part.sampleRate !== manifest.sampleRate || voices.part.sampleRate !== manifest.sampleRate) {
    throw new VoiceFlowError(
      'model-incompatible',
      `${manifest.id}@${manifest.version}: its networks hear ${part.sampleRate} and ${voices.part.sampleRate} Hz; both must hear ${manifest.sampleRate} Hz`,
    );
  }
  if (settings.voices.from !== voices.part.dimensions) {
    throw new VoiceFlowError(
      'model-incompatible',
      `${manifest.id}@${manifest.version}: its voice space takes ${settings.voices.from} numbers, its network gives ${voices.part.dimensions}`,
    );
  }
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

/** What both networks say of a whole source. */
export interface RecordingAnalysis {
  readonly local: SegmentedRecording;
  /** Seconds. */
  readonly duration: number;
  /** Milliseconds of waiting for audio, and in all. */
  readonly decode: number;
  readonly total: number;
}

/**
 * Runs both networks over a source, side by side: pieces are embedded as soon as no later window can change them, so
 * only the features of the latest windows are kept.
 * @throws `invalid-audio` for a source without samples.
 */
export async function analyzeRecording(
  model: RecordingModel,
  source: AudioSource,
  { signal, onProgress }: Pick<DiarizeRequest, 'signal' | 'onProgress'>,
): Promise<RecordingAnalysis> {
  const begun = performance.now();
  const { settings, frame, step } = model;
  const { part, powerset } = model.segmentation;
  const startOf = (window: number) => firstFrame(part, window, step);
  const frames = (seconds: number) => Math.max(1, Math.round(seconds / frame));
  const local = new SegmentedRecording(
    { frames: part.frames, slots: part.speakers, dimensions: model.embedding.part.dimensions, startOf },
    frames(settings.activity.shortest),
  );
  const voices = new PieceVoices(model.embedding, part, signal);
  const rules = { target: frames(settings.pieces.target), gap: frames(settings.pieces.gap) };
  const cutter = new PieceCutter(part.frames, powerset.classes, rules, (piece) => voices.add(piece));
  const total = source.lengthHint === undefined ? undefined : source.lengthHint / source.sampleRate;
  const runner = segmentationRunner(model.segmentation, { step, signal }, async (window, scores) => {
    local.add(powerset.decisions(scores), powerset.levels(scores));
    cutter.add(startOf(window), powerset.likeliest(scores));
    voices.forget(cutter.undecided);
    await voices.settle();
    const done = ((window + 1) * step) / part.sampleRate;
    onProgress?.({ stage: 'model', ...(total === undefined ? { done } : { done: Math.min(done, total), total }) });
  });
  const features = model.embedding.features();
  let samples = 0;
  const decode = await pushAll(
    source,
    {
      push: async (chunk) => {
        samples += chunk.length;
        features.push(chunk, (row) => voices.push(row));
        await runner.push(chunk);
      },
      end: async () => {
        await runner.end();
        cutter.end(Math.max(1, Math.floor((samples / part.sampleRate - model.offset) / frame)));
        local.hear(await voices.end());
      },
      settled: async () => {
        await runner.settled();
        await voices.settled();
      },
    },
    signal,
  );
  if (samples === 0) {
    throw new VoiceFlowError('invalid-audio', 'the audio has no samples', { hint: 'give at least one sample' });
  }
  return { local, duration: samples / part.sampleRate, decode, total: performance.now() - begun };
}
