import { createResampler } from '../audio/resample.ts';
import type { AudioSource } from '../contract/audio.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { firstFrame, segmentationRunner, WindowMean } from '../inference/segmentation.ts';
import { frameMap, type SpeechGate, speechRules } from '../inference/speech-gate.ts';
import { floats, WindowRunner } from '../inference/window-runner.ts';
import { LocalSpeakers } from '../stages/local-speakers.ts';
import { SpeechMask } from '../stages/speech.ts';
import { modelProgress, readSource } from './read-source.ts';
import type { AnalyzeRequest, NetworkOutputs } from './types.ts';

/** Output of the network for a whole source. */
export type Analysis = NetworkOutputs<LocalSpeakers>;

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
    gate && mask && holdWindows(gate, local, mask, { rate: manifest.sampleRate, frame: cnn.frame, signal, listener });
  const runner = new WindowRunner(cnn.model, run, (outputs, first, count) => {
    const activity = floats(outputs, network.activity, count * network.frames * network.slots);
    const embeddings = floats(outputs, network.embeddings, count * network.slots * network.dimensions);
    (held ?? local).add(activity, embeddings);
    report(((first + count) * hop) / manifest.sampleRate);
  });
  // The gate's end comes last: all windows must have been added.
  const both = held && {
    push: async (samples: Float32Array) => {
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
  return { local, ...(await readSource(source, both ?? runner, signal)) };
}

interface Held {
  /** The frame of the recording after its last one. */
  readonly end: number;
  readonly activity: Float32Array;
  readonly embeddings: Float32Array;
}

/** Receives the input and the outputs of a gate's network, in order. */
interface GateListener {
  /** Samples at the network's rate; all samples of a window come before its `window` call. */
  push(samples: Float32Array): void;
  /** @param start First frame of a window. @param scores `[frames, classes]`; a view. */
  window(start: number, scores: Float32Array): Promise<void>;
  /** Waits for runs in flight. */
  settled(): Promise<void>;
}

interface HoldOptions {
  /** Rate of the pushed samples. */
  readonly rate: number;
  /** Seconds per frame of the held windows. */
  readonly frame: number;
  readonly signal?: AbortSignal | undefined;
  readonly listener?: GateListener | undefined;
}

/**
 * Runs a gate's network on the audio of a recording, and holds back the windows of the other network until the gate has
 * decided whether they contain speech, which takes about one window of the gate.
 * @param local Receives the windows. @param mask Receives what the gate says; `local` uses it.
 */
function holdWindows(gate: SpeechGate, local: LocalSpeakers, mask: SpeechMask, options: HoldOptions) {
  const { rate, frame, signal, listener } = options;
  const { part, powerset } = gate.segmentation;
  const step = Math.round(gate.settings.step * part.sampleRate);
  const resampler = createResampler(rate, part.sampleRate);
  let held: Held[] = [];
  let windows = 0;
  const release = (known: number) => {
    let count = 0;
    for (const { end, activity, embeddings } of held) {
      if (end > known) break;
      local.add(activity, embeddings);
      count++;
    }
    if (count > 0) held = held.slice(count);
  };
  const twos: number[] = [];
  const mapTwo = frameMap(part, frame, (p) => twos.push(p));
  const mapSpeech = frameMap(part, frame, (p) => mask.push(p, twos.shift()));
  // The mean probability of two speakers is updated before that of speech, which decides what is released.
  const two = new WindowMean(part.frames, mapTwo);
  const speech = new WindowMean(part.frames, mapSpeech);
  const runner = segmentationRunner(
    gate.segmentation,
    { step, batch: gate.settings.batch, signal },
    async (window, scores) => {
      const at = firstFrame(part, window, step);
      two.add(at, powerset.overlap(scores));
      speech.add(at, powerset.speech(scores));
      release(mask.known);
      await listener?.window(at, scores);
    },
  );
  const pushToGate = (samples: Float32Array) => {
    listener?.push(samples);
    return runner.push(samples);
  };
  return {
    /** Adds the next samples of the recording. */
    push: (samples: Float32Array) => pushToGate(resampler.push(samples)),
    /** Adds windows in order. @param activity `[count, frames, slots]`. @param embeddings `[count, slots, dimensions]`. */
    add(activity: Float32Array, embeddings: Float32Array): void {
      const { frames, slots, dimensions, hop } = local;
      for (let at = 0; at < activity.length / (frames * slots); at++) {
        held.push({
          end: windows++ * hop + frames,
          activity: activity.slice(at * frames * slots, (at + 1) * frames * slots),
          embeddings: embeddings.slice(at * slots * dimensions, (at + 1) * slots * dimensions),
        });
      }
      release(mask.known);
    },
    /** Ends the recording. All windows must have been added. */
    async end(): Promise<void> {
      await pushToGate(resampler.end());
      await runner.end();
      two.end();
      speech.end();
      release(Number.POSITIVE_INFINITY);
    },
    async settled(): Promise<void> {
      await runner.settled();
      await listener?.settled();
    },
  };
}
