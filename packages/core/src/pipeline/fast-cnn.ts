import type { AudioSource } from '../audio/source.ts';
import type { Model } from '../backend.ts';
import { VoiceFlowError } from '../errors.ts';
import { Tempo } from '../live/pace.ts';
import { openSession } from '../live/session.ts';
import type { ModelManifest } from '../model.ts';
import { paced } from '../steps.ts';
import type { Warning } from '../warnings.ts';
import { embedSpans } from './embed.ts';
import { type WindowNetwork, windowNetwork } from './geometry.ts';
import { LocalSpeakers } from './local.ts';
import type { DiarizeRequest, Pipeline, PipelineResult } from './pipeline.ts';
import { floats, runWindows } from './run-windows.ts';
import { type FastCnnSettings, fastCnnSettings } from './settings.ts';
import { solveSteps } from './solve.ts';

/** The network, its sizes and its settings: what every step of the pipeline needs to know. */
export interface FastCnn {
  readonly manifest: ModelManifest;
  readonly model: Model;
  readonly network: WindowNetwork;
  readonly settings: FastCnnSettings;
  /** Seconds of a frame. */
  readonly frame: number;
  /** Frames between windows. */
  readonly hop: number;
}

/** One second at a time: windows → local speakers → clusters → turns. @throws `model-incompatible`. */
export function fastCnnPipeline(manifest: ModelManifest, model: Model): Pipeline {
  const cnn = fastCnn(manifest, model);
  const tempo = new Tempo();
  return {
    dimensions: cnn.network.dimensions,
    diarize: (source, request) => diarize(cnn, source, request),
    embed: async (source, segments, signal) => {
      const { local, duration } = await analyse(cnn, source, signal ? { signal } : {});
      return embedSpans(cnn, local, segments, duration);
    },
    open: (options, origin) => openSession(cnn, options, origin, tempo),
  };
}

/** Checks that manifest, network and settings belong together. @throws `model-incompatible`. */
export function fastCnn(manifest: ModelManifest, model: Model): FastCnn {
  const network = windowNetwork(manifest, model);
  const settings = fastCnnSettings(manifest);
  const frame = network.window / manifest.sampleRate / network.frames;
  const hop = Math.round(settings.hop / frame);
  if (hop < 1 || hop > network.frames || Math.abs(hop * frame - settings.hop) > 1e-6) {
    throw new VoiceFlowError(
      'model-incompatible',
      `settings.hop is ${settings.hop} s; whole frames of ${frame} s up to one window were expected`,
    );
  }
  return { manifest, model, network, settings, frame, hop };
}

/** The network over a whole source. */
export interface Analysis {
  readonly local: LocalSpeakers;
  /** Seconds. */
  readonly duration: number;
  /** Milliseconds of waiting for audio, and in all. */
  readonly decode: number;
  readonly total: number;
}

/** Runs the network over all windows and keeps what it says. @throws `invalid-audio` for a source without samples. */
export async function analyse(
  cnn: FastCnn,
  source: AudioSource,
  { signal, onProgress }: Pick<DiarizeRequest, 'signal' | 'onProgress'>,
): Promise<Analysis> {
  const { network, settings, manifest } = cnn;
  const begun = performance.now();
  const local = new LocalSpeakers(
    { frames: network.frames, slots: network.slots, dimensions: network.dimensions, hop: cnn.hop },
    { above: settings.activity.on, frames: Math.max(1, Math.round(settings.activity.shortest / cnn.frame)) },
  );
  const hop = (cnn.hop * network.window) / network.frames;
  const total = source.lengthHint === undefined ? undefined : source.lengthHint / source.sampleRate;
  const run = {
    window: network.window,
    hop,
    batch: Math.round(settings.batch),
    input: network.input,
    ...(signal ? { signal } : {}),
  };
  const { samples, decode } = await runWindows(source, cnn.model, run, (outputs, first, count) => {
    const activity = floats(outputs, network.activity, count * network.frames * network.slots);
    const embeddings = floats(outputs, network.embeddings, count * network.slots * network.dimensions);
    local.add(activity, embeddings);
    const done = ((first + count) * hop) / manifest.sampleRate;
    onProgress?.({ stage: 'model', ...(total === undefined ? { done } : { done: Math.min(done, total), total }) });
  });
  if (samples === 0) {
    throw new VoiceFlowError('invalid-audio', 'the audio has no samples', { hint: 'give at least one sample' });
  }
  return { local, duration: samples / manifest.sampleRate, decode, total: performance.now() - begun };
}

async function diarize(cnn: FastCnn, source: AudioSource, request: DiarizeRequest): Promise<PipelineResult> {
  const { onProgress, signal } = request;
  const { local, duration, decode, total } = await analyse(cnn, source, request);
  const begun = performance.now();
  onProgress?.({ stage: 'cluster', done: 0, total: duration });
  const solution = await paced(solveSteps(cnn, local, duration, request), signal);
  onProgress?.({ stage: 'done', done: duration, total: duration });
  const warnings: readonly Warning[] = [...source.warnings, ...solution.warnings];
  return { ...solution, duration, warnings, decode, model: total - decode, cluster: performance.now() - begun };
}
