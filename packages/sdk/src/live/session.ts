import { flushDenormals } from '../audio/denormals.ts';
import { createResampler, type Resampler } from '../audio/resample.ts';
import { abortError, throwIfAborted } from '../contract/errors.ts';
import type {
  DiarizationSession,
  LiveDiarization,
  LiveEndOptions,
  LiveEvent,
  LiveOptions,
  RecordingDiarizer,
} from '../contract/live.ts';
import { onAbort } from '../contract/on-abort.ts';
import type { DiarizationParts } from '../contract/result.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { paced } from '../inference/paced.ts';
import type { Steps } from '../stages/steps.ts';
import { WindowCutter } from '../stages/windows.ts';
import { checkVoices } from '../voices/match.ts';
import { checkFalseNames } from '../voices/naming.ts';
import { EventQueue } from './event-queue.ts';
import { KeptAudio } from './kept-audio.ts';
import { leadOf, liveTiming } from './options.ts';
import { Pace, SharedPace } from './pace.ts';
import { reclusterAtEnd } from './recluster-at-end.ts';
import { LiveResult, type LiveResultParts } from './result.ts';
import { runNetworks } from './run-networks.ts';
import { checkBacklog, checkSamples, noKeptAudioError, SessionCalls } from './session-calls.ts';
import { LiveSpeechGate } from './speech-gate.ts';
import { LiveTracker, type WindowOutputs } from './tracker.ts';

/** Properties of the diarizer that opened a session, for the session's result. */
export interface SessionOrigin extends Pick<DiarizationParts, 'warnings' | 'model' | 'backend'> {
  /** Called when the session has ended, failed or been closed; may be called more than once. */
  readonly onOver?: () => void;
}

/**
 * Opens a live session of the fast-cnn pipeline.
 * @param sharedPace Shared by all sessions of the network. @throws `invalid-option`; `aborted`.
 */
export function openSession(
  cnn: FastCnnNetwork,
  options: LiveOptions,
  origin: SessionOrigin,
  sharedPace = new SharedPace(),
): DiarizationSession {
  checkFalseNames(options.falseNames);
  checkVoices(options.known ?? [], cnn.manifest.space, cnn.network.dimensions);
  throwIfAborted(options.signal);
  return new LiveSession(cnn, options, origin, sharedPace);
}

/** A run in flight, and the frames from its window's start to the next window's start. */
interface Running {
  readonly outputs: Promise<WindowOutputs>;
  readonly step: number;
}

class LiveSession implements DiarizationSession {
  readonly #cnn: FastCnnNetwork;
  readonly #origin: SessionOrigin;
  readonly #resampler: Resampler;
  readonly #cutter: WindowCutter;
  readonly #gate: LiveSpeechGate | undefined;
  readonly #audio: KeptAudio | undefined;
  readonly #options: LiveOptions;
  /** Frames between windows. */
  readonly #hop: number;
  readonly #tracker: LiveTracker;
  readonly #events = new EventQueue<LiveEvent>();
  readonly #calls = new SessionCalls((error) => {
    this.#events.stop(error);
    this.#release();
  });
  readonly #removeAbortListener: () => void;
  /** First frame of the next window whose output will be handed to the tracker. */
  #nextStart: number;
  /** Network runs in flight, in order of their windows. */
  readonly #running: Running[] = [];
  #received = 0;
  /** The latest window, if it was skipped: it must be processed if the session ends with it. */
  #skipped: Float32Array | undefined;
  /** Decides which windows are skipped; absent unless `keepUp` is set. */
  readonly #pace: Pace | undefined;
  #pendingSamples = 0;
  /** Milliseconds of the session's own work and waits. They do not overlap, so their sum is at most the total. */
  readonly #spent = { decode: 0, model: 0, cluster: 0 };
  readonly #begun = performance.now();

  constructor(cnn: FastCnnNetwork, options: LiveOptions, origin: SessionOrigin, sharedPace: SharedPace) {
    const { network, manifest, frame } = cnn;
    const { lag, hop } = liveTiming(options, frame);
    const { signal } = options;
    this.#cnn = cnn;
    this.#origin = origin;
    this.#resampler = createResampler(options.sampleRate, manifest.sampleRate);
    const hopSamples = (hop * network.window) / network.frames;
    const lead = leadOf(network.frames, hop);
    this.#cutter = new WindowCutter(network.window, hopSamples);
    this.#cutter.push(new Float32Array((lead * network.window) / network.frames), () => {});
    if (options.keepUp) {
      this.#pace = new Pace(
        { frames: network.frames, hop, lead, most: Math.min(lag, network.frames) },
        frame,
        sharedPace,
      );
    }
    this.#gate = cnn.gate && new LiveSpeechGate(cnn.gate, options.sampleRate, frame);
    this.#options = options;
    if (options.keepAudio) this.#audio = new KeptAudio(options.sampleRate, options.keepAudio);
    this.#hop = hop;
    this.#nextStart = -lead;
    this.#tracker = new LiveTracker(
      cnn,
      { lag, hop, maxSpeakers: options.maxSpeakers, known: options.known ?? [], falseNames: options.falseNames },
      (event) => this.#events.push(event),
    );
    this.#removeAbortListener = onAbort(signal, (by) => this.#calls.fail(abortError(by)));
  }

  [Symbol.asyncIterator](): AsyncGenerator<LiveEvent, void> {
    return this.#events[Symbol.asyncIterator]();
  }

  async push(samples: Float32Array): Promise<void> {
    this.#calls.check();
    checkSamples(samples);
    const { sampleRate } = this.#options;
    checkBacklog(this.#pendingSamples / sampleRate, this.#events.length);
    const own = flushDenormals(samples.slice());
    this.#pace?.arrived(this.#received / sampleRate, own.length / sampleRate);
    this.#pendingSamples += own.length;
    this.#received += own.length;
    await this.#calls.run(() => this.#process(own));
  }

  async end({ recluster = false }: LiveEndOptions = {}): Promise<LiveDiarization> {
    this.#calls.check();
    if (typeof recluster === 'object' && !this.#audio) throw noKeptAudioError();
    return this.#calls.runLast(async () => {
      await this.#cut(() => this.#resampler.end());
      await this.#settle(0);
      let last = this.#skipped;
      this.#cutter.end((window) => {
        last = window.slice();
      });
      this.#gate?.end();
      const start = this.#latest;
      const run = last && (await this.#awaitOutputs(this.#run(last, start + this.#cnn.network.frames)));
      const duration = this.#received / this.#options.sampleRate;
      await this.#paced(this.#tracker.end(duration, run && { start, ...run }));
      this.#events.end();
      const { labels, warnings, ...found } = await this.#result(recluster);
      this.#release();
      const total = performance.now() - this.#begun;
      const timings = { load: 0, ...this.#spent, total };
      const all = [...this.#origin.warnings, ...warnings];
      return new LiveResult({ ...found, duration, warnings: all, timings }, labels);
    });
  }

  async #result(
    recluster: boolean | RecordingDiarizer,
  ): Promise<LiveResultParts & Pick<SessionOrigin, 'model' | 'backend'>> {
    const { model, backend } = this.#origin;
    if (!recluster) return { ...this.#tracker.emitted(), model, backend };
    const { signal } = this.#calls;
    const result = await reclusterAtEnd(recluster, {
      tracker: this.#tracker,
      audio: this.#audio,
      options: this.#options,
      space: this.#cnn.manifest.space,
      spent: this.#spent,
      signal,
      paced: (steps) => this.#paced(steps),
    });
    this.#calls.checkRunning();
    return { model, backend, ...result };
  }

  async close(): Promise<void> {
    await this.#calls.close();
    await Promise.allSettled(this.#running.map(({ outputs }) => outputs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #process(samples: Float32Array): Promise<void> {
    const { block } = this.#resampler;
    for (let at = 0; at < samples.length; at += block) {
      const piece = samples.subarray(at, at + block);
      await this.#cut(() => {
        this.#gate?.push(piece);
        this.#audio?.push(piece);
        return this.#resampler.push(piece);
      });
      this.#pendingSamples -= piece.length;
    }
    await this.#settle(0);
  }

  /** Starts a run for each window that the samples complete. One window per run: batches would change the last bits. */
  async #cut(samples: () => Float32Array): Promise<void> {
    const windows: { readonly window: Float32Array; readonly step: number; readonly present: number }[] = [];
    const begun = performance.now();
    this.#cutter.push(samples(), (window) => {
      const step = this.#pace ? this.#pace.next() : this.#hop;
      const own = window.slice();
      if (step > 0) windows.push({ window: own, step, present: this.#latest + this.#cnn.network.frames });
      this.#skipped = step > 0 ? undefined : own;
    });
    this.#spent.decode += performance.now() - begun;
    for (const { window, step, present } of windows) {
      this.#running.push({ outputs: this.#run(window, present), step });
      await this.#settle(this.#cnn.model.concurrency);
    }
  }

  /** First frame of the latest window. */
  get #latest(): number {
    return (this.#cutter.windows - 1) * this.#hop - leadOf(this.#cnn.network.frames, this.#hop);
  }

  /** Hands the network's outputs to the tracker, in order, until at most `most` runs are in flight. */
  async #settle(most: number): Promise<void> {
    while (this.#running.length > most) {
      const { outputs, step } = this.#running[0]!;
      const run = await this.#awaitOutputs(outputs);
      this.#running.shift();
      this.#calls.checkRunning();
      await this.#paced(this.#tracker.add(run, step));
      this.#pace?.processed(this.#nextStart);
      this.#nextStart += step;
    }
  }

  /** Runs the steps in slices, so that other sessions can proceed meanwhile. */
  async #paced<T>(steps: Steps<T>): Promise<T> {
    const begun = performance.now();
    const result = await paced(steps, this.#calls.signal);
    this.#spent.cluster += performance.now() - begun;
    this.#calls.checkRunning();
    return result;
  }

  /** Measures the time spent waiting for the network; parallel runs count once. */
  async #awaitOutputs(run: Promise<WindowOutputs>): Promise<WindowOutputs> {
    const begun = performance.now();
    try {
      return await run;
    } finally {
      this.#spent.model += performance.now() - begun;
    }
  }

  /** @param present The frame after the window's last. */
  #run(window: Float32Array, present: number): Promise<WindowOutputs> {
    return runNetworks(this.#cnn, this.#gate, window, present, this.#calls.signal);
  }

  #release(): void {
    this.#removeAbortListener();
    this.#origin.onOver?.();
  }
}
