import { createResampler, type Resampler } from '../audio/resample.ts';
import { firstFrame, segmentationRunner, WindowMean } from '../inference/segmentation.ts';
import { FrameMap, type SpeechGate } from '../inference/speech-gate.ts';
import type { WindowRunner } from '../inference/window-runner.ts';
import type { LocalSpeakers } from '../stages/local-speakers.ts';
import type { SpeechMask } from '../stages/speech.ts';

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
