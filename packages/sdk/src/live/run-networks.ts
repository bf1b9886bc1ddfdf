import type { Tensor } from '../contract/backend.ts';
import { abortable } from '../contract/on-abort.ts';
import type { FastCnnNetwork } from '../inference/fast-cnn-network.ts';
import { floats } from '../inference/window-runner.ts';
import type { LiveSpeechGate } from './speech-gate.ts';
import type { WindowOutputs } from './tracker.ts';

/** Runs the networks on a window of a session. @param present The frame after the window's last. */
export function runNetworks(
  { model, network }: FastCnnNetwork,
  gate: LiveSpeechGate | undefined,
  window: Float32Array,
  present: number,
  signal: AbortSignal,
): Promise<WindowOutputs> {
  const feeds: Record<string, Tensor> = {
    [network.input]: { type: 'float32', dims: [1, network.window], data: window },
  };
  const both = Promise.all([model.run(feeds, { signal }), gate?.run(present, signal)]);
  const run = abortable(both, signal).then(([outputs, gateOutput]) => ({
    activity: floats(outputs, network.activity, network.frames * network.slots),
    embeddings: floats(outputs, network.embeddings, network.slots * network.dimensions),
    gate: gateOutput,
  }));
  // A failure is thrown when the run is awaited; until then it must not count as an unhandled rejection.
  run.catch(() => {});
  return run;
}
