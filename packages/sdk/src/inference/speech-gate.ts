import { type GateSettings, gateSettings } from '../stages/settings.ts';
import type { SpeechRules } from '../stages/speech.ts';
import { frameTime, type Segmentation } from './segmentation.ts';

/** A network with windows of several seconds that detects speech, for a pipeline whose own windows are shorter. */
export interface SpeechGate {
  readonly segmentation: Segmentation;
  readonly settings: GateSettings;
}

/** @throws `model-incompatible` if the network's manifest has no gate settings. */
export function speechGateOf(segmentation: Segmentation): SpeechGate {
  return { segmentation, settings: gateSettings(segmentation.manifest) };
}

/** The gate's rules in frames of the pipeline. @param frame Seconds per frame. */
export function speechRules({ settings }: SpeechGate, frame: number): SpeechRules {
  const { speech, silence, shortestSilence, fusion } = settings;
  return { speech, silence, shortestSilence: Math.max(1, Math.round(shortestSilence / frame)), fusion };
}

/**
 * Maps values from a segmentation network's frames, which come in order, to the pipeline's frames: each gets the value
 * of the frame whose middle is nearest.
 */
export class FrameMap {
  readonly #part: Segmentation['part'];
  readonly #frame: number;
  readonly #emit: (value: number) => void;
  #next = 0;

  /** @param frame Seconds per pipeline frame. @param emit Gets the values in order. */
  constructor(part: Segmentation['part'], frame: number, emit: (value: number) => void) {
    this.#part = part;
    this.#frame = frame;
    this.#emit = emit;
  }

  /** @param value Value of the network's frame `index`. */
  push(value: number, index: number): void {
    const { frameStep, sampleRate } = this.#part;
    const until = frameTime(this.#part, index) + frameStep / 2 / sampleRate;
    // The 1e-9 keeps frames aligned if both grids have the same frame length.
    for (; (this.#next + 0.5) * this.#frame < until - 1e-9; this.#next++) this.#emit(value);
  }
}
