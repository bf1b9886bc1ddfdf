import type { AudioSource } from '../contract/audio.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import { pushAll } from '../inference/window-runner.ts';
import type { AnalyzeRequest, NetworkOutputs } from './types.ts';

/**
 * Pushes all audio of a source to the networks' runner.
 * @throws `invalid-audio` for a source without samples; errors of the source and of the runner.
 */
export async function readSource(
  source: AudioSource,
  runner: Parameters<typeof pushAll>[1],
  signal: AbortSignal | undefined,
): Promise<Omit<NetworkOutputs, 'local'>> {
  const begun = performance.now();
  let samples = 0;
  const counted = {
    push: (chunk: Float32Array) => {
      samples += chunk.length;
      return runner.push(chunk);
    },
    end: () => runner.end(),
    settled: () => runner.settled(),
  };
  const decode = await pushAll(source, counted, signal);
  if (samples === 0) {
    throw new VoiceFlowError('invalid-audio', 'the audio has no samples', { hint: 'pass at least one sample' });
  }
  return { duration: samples / source.sampleRate, decode, total: performance.now() - begun };
}

/** Makes the function that reports up to which second the networks have run. */
export function modelProgress(source: AudioSource, onProgress: AnalyzeRequest['onProgress']): (done: number) => void {
  const total = source.lengthHint === undefined ? undefined : source.lengthHint / source.sampleRate;
  return (done) =>
    onProgress?.({ stage: 'model', ...(total === undefined ? { done } : { done: Math.min(done, total), total }) });
}
