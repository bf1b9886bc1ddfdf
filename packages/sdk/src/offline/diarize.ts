import type { AudioSource } from '../contract/audio.ts';
import type { Warning } from '../contract/warnings.ts';
import { paced } from '../inference/paced.ts';
import type { LocalRecording } from '../stages/local-speakers.ts';
import { type SolveContext, solveSteps } from './speaker-turns.ts';
import type { DiarizeRequest, PipelineResult } from './types.ts';

/** Outputs of a pipeline's networks for a whole source. */
interface NetworkOutputs {
  readonly local: LocalRecording;
  /** Seconds. */
  readonly duration: number;
  /** Milliseconds of waiting for audio, and in total. */
  readonly decode: number;
  readonly total: number;
}

/**
 * Diarizes a whole recording: local speakers → clusters → turns. Independent of the networks.
 * @param contextOf Makes the solver's context from the outputs of the networks. @param analyze Runs the networks.
 * @throws Same as `analyze`; `aborted`.
 */
export async function diarize<T extends NetworkOutputs>(
  contextOf: (outputs: T) => SolveContext,
  analyze: (source: AudioSource, request: DiarizeRequest) => Promise<T>,
  source: AudioSource,
  request: DiarizeRequest,
): Promise<PipelineResult> {
  const { onProgress, signal } = request;
  const outputs = await analyze(source, request);
  const { local, duration, decode, total } = outputs;
  const begun = performance.now();
  const reportClustering = () => onProgress?.({ stage: 'cluster', done: 0, total: duration });
  reportClustering();
  const solution = await paced(solveSteps(contextOf(outputs), local, duration, request), signal, reportClustering);
  onProgress?.({ stage: 'done', done: duration, total: duration });
  const warnings: readonly Warning[] = [...source.warnings, ...solution.warnings];
  return { ...solution, duration, warnings, decode, model: total - decode, cluster: performance.now() - begun };
}
