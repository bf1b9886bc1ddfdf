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
 * Maps values from a segmentation network's frames to the pipeline's frames: each gets the value of the frame whose
 * middle is nearest.
 * @param frame Seconds per pipeline frame. @param emit Gets the values in order.
 * @returns Takes the value of the network's frame `index`, in order.
 */
export function frameMap(
  part: Segmentation['part'],
  frame: number,
  emit: (value: number) => void,
): (value: number, index: number) => void {
  const { frameStep, sampleRate } = part;
  let next = 0;
  return (value, index) => {
    const until = frameTime(part, index) + frameStep / 2 / sampleRate;
    // The 1e-9 keeps frames aligned if both grids have the same frame length.
    for (; (next + 0.5) * frame < until - 1e-9; next++) emit(value);
  };
}
