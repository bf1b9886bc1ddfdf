/// <reference lib="esnext.disposable" preserve="true" />
import { DiarizationResult } from './annotation/diarization.ts';
import { openAudio, openChannels } from './audio/open.ts';
import type { AudioDecoder, AudioInput, AudioSource } from './contract/audio.ts';
import type { Backend, Model } from './contract/backend.ts';
import type { Diarizer } from './contract/diarizer.ts';
import { type ErrorCode, invalidOption, show, throwIfAborted, VoiceFlowError } from './contract/errors.ts';
import type { DiarizationSession, LiveOptions } from './contract/live.ts';
import type { ModelManifest, ModelPackage } from './contract/model.ts';
import {
  checkOneChannel,
  checkSegments,
  type DiarizeOptions,
  type EmbedOptions,
  speakerBounds,
} from './contract/options.ts';
import type { Diarization, Timings } from './contract/result.ts';
import { SPEC_VERSION } from './contract/version.ts';
import type { Warning } from './contract/warnings.ts';
import { segmentation } from './inference/segmentation.ts';
import { readWeights } from './inference/weights.ts';
import { channelProgress } from './offline/channel-progress.ts';
import type { Pipeline, PipelineFactory } from './pipelines/pipeline.ts';
import { preparePipeline } from './pipelines/registry.ts';
import { checkVoices } from './voices/match.ts';
import { checkFalseNames } from './voices/naming.ts';

export interface CreateDiarizerOptions {
  readonly model: ModelPackage;
  readonly backend: Backend;
  /** Number of parallel network runs, ≥ 1. A backend may offer fewer. Default: chosen by the backend (see its docs). */
  readonly workers?: number;
  /** Decoders of formats other than WAV, such as `codecs` of `@voiceflow-ml/codecs`. */
  readonly decoders?: readonly AudioDecoder[];
  /** Custom pipelines, by the name in a manifest's `pipeline`. They take precedence over built-in ones. */
  readonly pipelines?: Readonly<Record<string, PipelineFactory>>;
  /** Aborts loading. */
  readonly signal?: AbortSignal;
  /** Warnings from choosing these options; included in the warnings of every result. */
  readonly warnings?: readonly Warning[];
}

/**
 * Reads and checks the weights of the model (and of its segmenter and `windows`, if it has them), loads them into the
 * backend, and creates the pipeline named in the manifest.
 * @throws `model-not-found`; `model-corrupt` if length or SHA-256 differ from the manifest; `model-incompatible` if the
 *   network does not fit its pipeline; `backend-unavailable`; `invalid-option`; `aborted`.
 */
export async function createDiarizer(options: CreateDiarizerOptions): Promise<Diarizer> {
  const { model: pack, backend, signal, workers } = options;
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1)) {
    throw invalidOption(`workers is ${String(workers)}, expected a whole number ≥ 1`);
  }
  checkSpecVersion('backend-unavailable', `the backend ${backend.name}`, backend.specVersion);
  checkSpecVersion('model-incompatible', `the manifest of ${pack.manifest.id}`, pack.manifest.specVersion);
  throwIfAborted(signal);
  const begun = performance.now();
  const { manifest } = pack;
  const weights = await readWeights(pack, signal);
  const { bytes, warnings, make } = await preparePipeline(pack, weights, options.pipelines, signal);
  const models: Model[] = [];
  const load = async ({ id, version }: ModelManifest, network: Uint8Array) => {
    const loaded = await backend.load({ name: `${id}@${version}`, bytes: network }, { workers, signal });
    models.push(loaded);
    return loaded;
  };
  const also = async (beside: ModelPackage) => load(beside.manifest, (await readWeights(beside, signal)).bytes);
  try {
    const model = await load(manifest, bytes);
    const { segmenter, windows } = pack;
    const segments = segmenter && segmentation(segmenter.manifest, await also(segmenter));
    const besides = windows && { manifest: windows.manifest, model: await also(windows) };
    return new LoadedDiarizer({
      manifest,
      models,
      pipeline: make(manifest, model, segments, besides),
      backend: backend.name,
      decoders: options.decoders ?? [],
      warnings: [...(options.warnings ?? []), ...warnings],
      load: performance.now() - begun,
    });
  } catch (error) {
    for (const loaded of models) await loaded.close();
    throw error;
  }
}

interface Loaded {
  readonly manifest: ModelManifest;
  readonly models: readonly Model[];
  readonly pipeline: Pipeline;
  readonly backend: string;
  readonly decoders: readonly AudioDecoder[];
  readonly warnings: readonly Warning[];
  /** Milliseconds spent loading. */
  readonly load: number;
}

class LoadedDiarizer implements Diarizer {
  readonly manifest: ModelManifest;
  readonly backend: string;
  readonly #loaded: Loaded;
  /** Loading time in milliseconds; 0 once a result has reported it. */
  #load: number;
  readonly #calls = new Set<Promise<unknown>>();
  readonly #sessions = new Set<DiarizationSession>();
  #closed: Promise<void> | undefined;

  constructor(loaded: Loaded) {
    this.manifest = loaded.manifest;
    this.backend = loaded.backend;
    this.#loaded = loaded;
    this.#load = loaded.load;
  }

  diarize(audio: AudioInput, options?: DiarizeOptions): Promise<Diarization> {
    return this.#call(options, (given) => this.#diarize(audio, given));
  }

  embed(audio: AudioInput, options?: EmbedOptions): Promise<Float32Array[]> {
    return this.#call(options, ({ segments, channels, signal, onProgress, limits }) => {
      checkSegments(segments);
      checkOneChannel(channels);
      return this.#withSources(audio, { limits, signal, channels }, ([source]) =>
        this.#loaded.pipeline.embed(source as AudioSource, segments, { signal, onProgress }),
      );
    });
  }

  open(options: LiveOptions): DiarizationSession {
    if (this.#closed) throw closedError();
    const session = this.#loaded.pipeline.open(
      { ...options },
      {
        warnings: this.#loaded.warnings,
        model: this.#modelInfo,
        backend: this.backend,
        onOver: () => this.#sessions.delete(session),
      },
    );
    this.#sessions.add(session);
    return session;
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      await Promise.allSettled([...this.#calls, ...[...this.#sessions].map((session) => session.close())]);
      await Promise.all(this.#loaded.models.map((model) => model.close()));
    })();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #diarize(audio: AudioInput, options: DiarizeOptions): Promise<Diarization> {
    const { manifest, pipeline, backend } = this.#loaded;
    const { signal, onProgress, known = [], falseNames } = options;
    const bounds = speakerBounds(options);
    checkVoices(known, manifest.space, pipeline.dimensions);
    checkFalseNames(falseNames);
    const begun = performance.now();
    const request = { bounds, known, falseNames, signal };
    const result = await this.#withSources(audio, options, async (sources) => {
      const progressOf = onProgress && channelProgress(sources.length, onProgress);
      const diarize = (source: AudioSource, channel: number) =>
        pipeline.diarize(source, { ...request, onProgress: progressOf?.(channel) });
      const [first] = sources;
      const names = options.channels === 'separate' ? options.channelNames : undefined;
      if (first && sources.length === 1 && !names) return diarize(first, 0);
      // Imported only when needed: most recordings have one channel or are mixed to one.
      const { diarizeChannels } = await import('./offline/join-channels.ts');
      return diarizeChannels(sources, names, diarize);
    });
    const load = this.#load;
    this.#load = 0;
    const { decode, model, cluster } = result;
    const timings: Timings = { load, decode, model, cluster, total: performance.now() - begun };
    return new DiarizationResult({
      ...result,
      warnings: [...this.#loaded.warnings, ...result.warnings],
      timings,
      model: this.#modelInfo,
      backend,
    });
  }

  get #modelInfo(): Diarization['model'] {
    const { id, version, space } = this.manifest;
    return { id, version, space };
  }

  async #withSources<T>(
    audio: AudioInput,
    { limits, signal, channels = 'mix' }: Pick<DiarizeOptions, 'limits' | 'signal' | 'channels'>,
    use: (sources: readonly AudioSource[]) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(signal);
    const how = {
      sampleRate: this.manifest.sampleRate,
      decoders: this.#loaded.decoders,
      limits,
      signal,
    };
    const sources =
      channels === 'separate' ? await openChannels(audio, how) : [await openAudio(audio, { ...how, channels })];
    try {
      return await use(sources);
    } finally {
      // The result or the error of `use` counts, not that of closing.
      await Promise.allSettled(sources.map((source) => source.close()));
    }
  }

  /** Checks what all calls have in common, and tracks running calls, since `close` waits for them. */
  #call<O extends Pick<EmbedOptions, 'onProgress'>, T>(
    options: O | undefined,
    work: (options: O) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) return Promise.reject(closedError());
    const call = (async () => {
      const { onProgress } = options ?? {};
      if (onProgress && typeof onProgress !== 'function') {
        throw invalidOption(`onProgress is ${show(onProgress)}, expected a function`);
      }
      return work(options ?? ({} as O));
    })();
    this.#calls.add(call);
    const done = () => this.#calls.delete(call);
    call.then(done, done);
    return call;
  }
}

function checkSpecVersion(code: ErrorCode, what: string, version: number | undefined): void {
  if (version === undefined || version === SPEC_VERSION) return;
  const message = `${what} has version ${version} of VoiceFlow's contract, expected version ${SPEC_VERSION}`;
  throw new VoiceFlowError(code, message, { hint: 'install matching versions of the packages' });
}

function closedError(): VoiceFlowError {
  return new VoiceFlowError('closed', 'the diarizer was used after close()', { hint: 'create a new one' });
}
