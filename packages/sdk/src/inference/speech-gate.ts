import { type GateSettings, gateSettings } from '../stages/settings.ts';
import type { SpeechRules } from '../stages/speech.ts';
import { frameTime, type Segmentation } from './segmentation.ts';

/** A network of some seconds that says where nobody speaks, for a pipeline whose own windows are shorter. */
export interface SpeechGate {
  readonly segmentation: Segmentation;
  readonly settings: GateSettings;
}

/** @throws `model-incompatible` when the network's manifest has no settings for it. */
export function speechGateOf(segmentation: Segmentation): SpeechGate {
  return { segmentation, settings: gateSettings(segmentation.manifest) };
}

/** Its rules in frames of the pipeline. @param frame Seconds. */
export function speechRules({ settings }: SpeechGate, frame: number): SpeechRules {
  return {
    speech: settings.speech,
    shortestSilence: Math.max(1, Math.round(settings.shortestSilence / frame)),
    overlap: settings.overlap?.two,
  };
}

/**
 * Turns values of a segmentation network's frames, which come in order, into values of the pipeline's frames: that of
 * the frame whose middle is nearest.
 */
export class FrameMap {
  readonly #part: Segmentation['part'];
  readonly #frame: number;
  readonly #give: (value: number) => void;
  #next: number;

  /** @param frame Seconds of the pipeline's frames. @param first The first that is wanted. @param give Gets each, in order. */
  constructor(part: Segmentation['part'], frame: number, first: number, give: (value: number) => void) {
    this.#part = part;
    this.#frame = frame;
    this.#next = first;
    this.#give = give;
  }

  /** @param value Of the network's frame `index`. */
  push(value: number, index: number): void {
    const { frameStep, sampleRate } = this.#part;
    const until = frameTime(this.#part, index) + frameStep / 2 / sampleRate;
    // The 1e-9 keeps frames of one length on one another.
    for (; (this.#next + 0.5) * this.#frame < until - 1e-9; this.#next++) this.#give(value);
  }
}
