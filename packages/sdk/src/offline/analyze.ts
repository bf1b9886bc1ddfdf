import type { AudioSource } from '../contract/audio.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { floats } from '../inference/run-windows.ts';
import { speechRules } from '../inference/speech-gate.ts';
import { WindowRunner } from '../inference/window-runner.ts';
import { LocalSpeakers } from '../stages/local-speakers.ts';
import { SpeechMask } from '../stages/speech.ts';
import { type GateListener, HeldWindows } from './held-windows.ts';
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
