import { createResampler, type Resampler } from '../audio/resample.ts';
import type { AudioSource } from '../contract/audio.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { firstFrame, segmentationRunner, WindowMean } from '../inference/segmentation.ts';
import { FrameMap, type SpeechGate, speechRules } from '../inference/speech-gate.ts';
import { floats, WindowRunner } from '../inference/window-runner.ts';
import { LocalSpeakers } from '../stages/local-speakers.ts';
import { SpeechMask } from '../stages/speech.ts';
import { modelProgress, readSource } from './read-source.ts';
import type { AnalyzeRequest, NetworkOutputs } from './types.ts';

/** Output of the network for a whole source. */
export type Analysis = NetworkOutputs<LocalSpeakers>;

/** Runs the gate's network in parallel with the other network. Its end comes last: all windows must have been added. */
function both(runner: WindowRunner, held: HeldWindows): Pick<WindowRunner, 'push' | 'end' | 'settled'> {
  return {
    push: async (samples) => {
      await held.push(samples);
      await runner.push(samples);
    },
    end: async () => {
      await runner.end();
      if (runner.samples > 0) await held.end();
    },
    settled: async () => {
      await Promise.all([runner.settled(), held.settled()]);
    },
  };
}

/**
 * Runs the network on all windows and keeps its outputs.
 * @param listener Receives the gate's audio and outputs; needs a gate.
 * @throws `invalid-audio` for a source without samples.
 */
export async function analyze(
  cnn: FastCnnNetwork,
  source: AudioSource,
  { signal, onProgress }: AnalyzeRequest,
  listener?: GateListener,
): Promise<Analysis> {
  const { network, settings, manifest, gate } = cnn;
  const mask = gate && new SpeechMask(speechRules(gate, cnn.frame));
  const local = new LocalSpeakers(
    { frames: network.frames, slots: network.slots, dimensions: network.dimensions, hop: cnn.hop },
    { above: settings.activity.on, frames: Math.max(1, Math.round(settings.activity.shortest / cnn.frame)) },
    mask,
  );
  const hop = (cnn.hop * network.window) / network.frames;
  const report = modelProgress(source, onProgress);
  const run = {
    window: network.window,
    hop,
    batch: Math.round(settings.batch),
    input: network.input,
    signal,
  };
  const held =
    gate && mask && new HeldWindows(gate, { local, mask }, manifest.sampleRate, cnn.frame, { signal, listener });
  const runner = new WindowRunner(cnn.model, run, (outputs, first, count) => {
    const activity = floats(outputs, network.activity, count * network.frames * network.slots);
    const embeddings = floats(outputs, network.embeddings, count * network.slots * network.dimensions);
    (held ?? local).add(activity, embeddings);
    report(((first + count) * hop) / manifest.sampleRate);
  });
  return { local, ...(await readSource(source, held ? both(runner, held) : runner, signal)) };
}

interface Held {
  /** The frame of the recording after its last one. */
  readonly end: number;
  readonly activity: Float32Array;
  readonly embeddings: Float32Array;
}

/** Receives the input and the outputs of a gate's network, in order. */
export interface GateListener {
  /** Samples at the network's rate; all samples of a window come before its `window` call. */
  push(samples: Float32Array): void;
  /** @param start First frame of a window. @param scores `[frames, classes]`; a view. */
  window(start: number, scores: Float32Array): Promise<void>;
  /** Waits for runs in flight. */
  settled(): Promise<void>;
}

/**
 * Runs a gate's network on the audio of a recording, and holds back the windows of the other network until the gate has
 * decided whether they contain speech, which takes about one window of the gate.
 */
export class HeldWindows {
  readonly #local: LocalSpeakers;
  readonly #listener: GateListener | undefined;
  readonly #resampler: Resampler;
  readonly #runner: WindowRunner;
  readonly #speech: WindowMean;
  /** Mean probability of two speakers. Updated before `#speech`, which decides what is released. */
  readonly #two: WindowMean;
  readonly #mask: SpeechMask;
  #held: Held[] = [];
  #windows = 0;

  /**
   * @param local Receives the windows. @param mask Receives what the gate says; `local` uses it.
   * @param rate Rate of the pushed samples. @param frame Seconds per `local` frame.
   */
  constructor(
    gate: SpeechGate,
    { local, mask }: { readonly local: LocalSpeakers; readonly mask: SpeechMask },
    rate: number,
    frame: number,
    { signal, listener }: { readonly signal?: AbortSignal | undefined; readonly listener?: GateListener | undefined },
  ) {
    const { part, powerset } = gate.segmentation;
    const step = Math.round(gate.settings.step * part.sampleRate);
    this.#local = local;
    this.#listener = listener;
    this.#resampler = createResampler(rate, part.sampleRate);
    this.#mask = mask;
    const two: number[] = [];
    const twoMap = new FrameMap(part, frame, (p) => two.push(p));
    const map = new FrameMap(part, frame, (speech) => this.#mask.push(speech, two.shift()));
    this.#two = new WindowMean(part.frames, (mean, index) => twoMap.push(mean, index));
    this.#speech = new WindowMean(part.frames, (mean, index) => map.push(mean, index));
    this.#runner = segmentationRunner(
      gate.segmentation,
      { step, batch: gate.settings.batch, signal },
      async (window, scores) => {
        const at = firstFrame(part, window, step);
        this.#two.add(at, powerset.overlap(scores));
        this.#speech.add(at, powerset.speech(scores));
        this.#release(this.#mask.known);
        await listener?.window(at, scores);
      },
    );
  }

  /** Adds the next samples of the recording. */
  async push(samples: Float32Array): Promise<void> {
    await this.#pushToGate(this.#resampler.push(samples));
  }

  /**
   * Adds windows in order.
   * @param activity `[count, frames, slots]`. @param embeddings `[count, slots, dimensions]`.
   */
  add(activity: Float32Array, embeddings: Float32Array): void {
    const { frames, slots, dimensions, hop } = this.#local;
    for (let at = 0; at < activity.length / (frames * slots); at++) {
      this.#held.push({
        end: this.#windows++ * hop + frames,
        activity: activity.slice(at * frames * slots, (at + 1) * frames * slots),
        embeddings: embeddings.slice(at * slots * dimensions, (at + 1) * slots * dimensions),
      });
    }
    this.#release(this.#mask.known);
  }

  /** Ends the recording. All windows must have been added. */
  async end(): Promise<void> {
    await this.#pushToGate(this.#resampler.end());
    await this.#runner.end();
    this.#two.end();
    this.#speech.end();
    this.#release(Number.POSITIVE_INFINITY);
  }

  async settled(): Promise<void> {
    await this.#runner.settled();
    await this.#listener?.settled();
  }

  #pushToGate(samples: Float32Array): Promise<void> {
    this.#listener?.push(samples);
    return this.#runner.push(samples);
  }

  #release(known: number): void {
    let count = 0;
    for (const { end, activity, embeddings } of this.#held) {
      if (end > known) break;
      this.#local.add(activity, embeddings);
      count++;
    }
    if (count > 0) this.#held = this.#held.slice(count);
  }
}
