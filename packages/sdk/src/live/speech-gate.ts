import { createResampler, type Resampler } from '../audio/resample.ts';
import type { Tensor } from '../contract/backend.ts';
import type { SpeechGate } from '../inference/speech-gate.ts';
import { floats } from '../inference/window-runner.ts';

/** Output of a gate's network for the latest seconds: speech probabilities of the frames from `start` on. */
export interface GateOutput {
  readonly start: number;
  readonly speech: Float32Array;
  /** Probability that at least two people speak. */
  readonly two: Float32Array;
}

/** Latest frames that are left out, because the resampler has not output their last samples yet. */
const MARGIN = 1;

/** Runs a gate's network on the latest seconds of a live session. Keeps two of its windows. */
export class LiveSpeechGate {
  readonly #gate: SpeechGate;
  readonly #frame: number;
  readonly #resampler: Resampler;
  readonly #kept: Float32Array;
  /** Samples received so far, and how many of them are in `#kept`. */
  #received = 0;
  #filled = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** @param rate Sample rate of the session. @param frame Seconds per frame of the session. */
  constructor(gate: SpeechGate, rate: number, frame: number) {
    const { part } = gate.segmentation;
    this.#gate = gate;
    this.#frame = frame;
    this.#resampler = createResampler(rate, part.sampleRate);
    this.#kept = new Float32Array(2 * part.window + part.sampleRate);
  }

  push(samples: Float32Array): void {
    this.#keep(this.#resampler.push(samples));
  }

  /** Ends the session. */
  end(): void {
    this.#keep(this.#resampler.end());
    // Makes the last run happen: its output is final.
    this.#last = Number.NEGATIVE_INFINITY;
  }

  /**
   * Runs the network, unless its last run was less than `liveStep` ago.
   * @param present The frame after the last received one. @param signal Aborts the run.
   */
  async run(present: number, signal: AbortSignal): Promise<GateOutput | undefined> {
    const { segmentation, settings } = this.#gate;
    const { part, model, input, output, dims, powerset } = segmentation;
    if ((present - this.#last) * this.#frame < settings.liveStep - 1e-9) return undefined;
    this.#last = present;
    const perFrame = this.#frame * part.sampleRate;
    const until = Math.min(Math.round((present - MARGIN) * perFrame), this.#received);
    const data = this.#latest(until);
    if (!data) return undefined;
    const feeds: Record<string, Tensor> = { [input]: { type: 'float32', dims: dims(1), data } };
    const outputs = await model.run(feeds, { signal });
    const scores = floats(outputs, output, part.frames * powerset.classes.length);
    const speechOutput = powerset.speech(scores);
    const overlapOutput = powerset.overlap(scores);
    const before = until - part.window;
    const start = Math.max(0, Math.ceil(before / perFrame - 1e-9));
    const end = Math.floor(until / perFrame + 1e-9);
    const speech = new Float32Array(Math.max(0, end - start));
    const two = new Float32Array(speech.length);
    for (let f = start; f < end; f++) {
      const nearest = Math.round(((f + 0.5) * perFrame - before - part.frameStart) / part.frameStep);
      const index = Math.min(part.frames - 1, Math.max(0, nearest));
      speech[f - start] = speechOutput[index]!;
      two[f - start] = overlapOutput[index]!;
    }
    return { start, speech, two };
  }

  /** The window that ends at a sample. If the session is shorter than a window, its audio is repeated to fill it. */
  #latest(until: number): Float32Array | undefined {
    const { window } = this.#gate.segmentation.part;
    const end = this.#filled - (this.#received - until);
    if (end <= 0) return undefined;
    if (end >= window) return this.#kept.slice(end - window, end);
    const data = new Float32Array(window);
    for (let to = window; to > 0; to -= end) {
      const count = Math.min(end, to);
      data.set(this.#kept.subarray(end - count, end), to - count);
    }
    return data;
  }

  #keep(samples: Float32Array): void {
    const { window } = this.#gate.segmentation.part;
    const most = this.#kept.length - window;
    for (let at = 0; at < samples.length; at += most) {
      const piece = samples.subarray(at, at + most);
      if (this.#filled + piece.length > this.#kept.length) {
        this.#kept.copyWithin(0, this.#filled - window, this.#filled);
        this.#filled = window;
      }
      this.#kept.set(piece, this.#filled);
      this.#filled += piece.length;
      this.#received += piece.length;
    }
  }
}
