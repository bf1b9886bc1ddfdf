import type { Model } from '../contract/backend.ts';
import type { ModelManifest, SegmentationPart } from '../contract/model.ts';
import { halfEven } from '../stages/half-even.ts';
import { Powerset } from '../stages/powerset.ts';
import { incompatible } from './incompatible.ts';
import { floats, WindowRunner } from './window-runner.ts';

/** A loaded segmentation network: windows of audio → powerset classes of their local speakers. */
export interface Segmentation {
  readonly manifest: ModelManifest;
  readonly model: Model;
  readonly part: SegmentationPart;
  readonly powerset: Powerset;
  readonly input: string;
  readonly output: string;
  /** Input shape for a number of windows. */
  readonly dims: (count: number) => readonly number[];
}

/** Receives the network's output for one window: `[frames, classes]` scores (logits or log-probabilities); a view. */
export type TakeWindow = (window: number, scores: Float32Array) => void | Promise<void>;

export interface SegmentationRun {
  /** Samples between windows; ≥ 1. */
  readonly step: number;
  /** Windows per run of the network. Default 1. */
  readonly batch?: number;
  readonly signal?: AbortSignal;
}

/**
 * Checks that a manifest's segmentation part and the loaded network fit together.
 * @throws `model-incompatible`.
 */
export function segmentation(manifest: ModelManifest, model: Model): Segmentation {
  const part = manifest.segmentation;
  if (!part) throw incompatible(manifest, 'its manifest has no part `segmentation`');
  const { window, frames, speakers, speakersAtOnce, frameStep } = part;
  for (const [name, value] of Object.entries({ window, frames, speakers, speakersAtOnce, frameStep })) {
    if (!(Number.isFinite(value) && value > 0))
      throw incompatible(manifest, `segmentation.${name} is ${value}, expected a number above 0`);
  }
  const powerset = new Powerset(part.speakers, part.speakersAtOnce);
  const input = model.inputs[0];
  const output = model.outputs[0];
  const classes = output?.dims.at(-1);
  if (!input || !output || (typeof classes === 'number' && classes !== powerset.classes.length)) {
    throw incompatible(
      manifest,
      `expected ${powerset.classes.length} powerset classes, but the network's output is [${output?.dims.join(', ')}]`,
    );
  }
  const rank = input.dims.length;
  if (rank !== 2 && rank !== 3) throw incompatible(manifest, `its input has ${rank} dimensions, expected 2 or 3`);
  return {
    manifest,
    model,
    part,
    powerset,
    input: input.name,
    output: output.name,
    dims: (count) => (rank === 2 ? [count, part.window] : [count, 1, part.window]),
  };
}

/** Runs a segmentation network on pushed audio of its sample rate; `take` receives each window in order. */
export function segmentationRunner(network: Segmentation, run: SegmentationRun, take: TakeWindow): WindowRunner {
  const { part, powerset, input, output, dims, model } = network;
  const size = part.frames * powerset.classes.length;
  return new WindowRunner(
    model,
    {
      window: part.window,
      hop: run.step,
      batch: run.batch ?? 1,
      input,
      dims,
      signal: run.signal,
    },
    async (outputs, first, count) => {
      const scores = floats(outputs, output, count * size);
      for (let i = 0; i < count; i++) await take(first + i, scores.subarray(i * size, (i + 1) * size));
    },
  );
}

/** First frame of a window on the recording's frame grid: the window's start, rounded to whole frames. */
export function firstFrame(part: Pick<SegmentationPart, 'frameStep'>, window: number, step: number): number {
  return halfEven((window * step) / part.frameStep);
}

/** Time in seconds of the middle of a frame on the recording's grid. */
export function frameTime(part: SegmentationPart, frame: number): number {
  return (part.frameStart + frame * part.frameStep) / part.sampleRate;
}

/**
 * Running mean over the windows that cover each frame: gives one value for each frame of the recording's grid. Keeps
 * one window in memory.
 */
export class WindowMean {
  readonly #frames: number;
  readonly #emit: (mean: number, frame: number) => void;
  readonly #sum: Float64Array;
  readonly #count: Float64Array;
  /** First frame that was not emitted yet. */
  #next = 0;

  /** @param frames Frames per window. @param emit Gets each frame's mean once no later window covers it, in order. */
  constructor(frames: number, emit: (mean: number, frame: number) => void) {
    this.#frames = frames;
    this.#emit = emit;
    this.#sum = new Float64Array(frames);
    this.#count = new Float64Array(frames);
  }

  /** Adds the next window. Its start must be ≥ that of the previous window. @param values `[frames]`. */
  add(start: number, values: ArrayLike<number>): void {
    this.#flush(start);
    for (let i = 0; i < this.#frames; i++) {
      const at = (start + i) % this.#frames;
      this.#sum[at]! += values[i]!;
      this.#count[at]! += 1;
    }
  }

  /** Emits the remaining frames, after the last window. */
  end(): void {
    this.#flush(this.#next + this.#frames);
  }

  #flush(until: number): void {
    for (; this.#next < until; this.#next++) {
      const at = this.#next % this.#frames;
      const count = this.#count[at]!;
      // A frame in a gap between windows has the mean 0.
      if (count > 0 || this.#next < until - this.#frames)
        this.#emit(count > 0 ? this.#sum[at]! / count : 0, this.#next);
      this.#sum[at] = 0;
      this.#count[at] = 0;
    }
  }
}
