import type { AudioSource } from '../contract/audio.ts';
import { paced } from '../inference/paced.ts';
import type { Steps } from '../stages/steps.ts';
import { type SolveContext, solveSteps } from './speaker-turns.ts';
import type { DiarizeRequest, NetworkOutputs, PipelineResult, Solution } from './types.ts';

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
  const outputs = await analyze(source, request);
  return solved(source, request, outputs, () =>
    solveSteps(contextOf(outputs), outputs.local, outputs.duration, request),
  );
}

/** Runs the steps that find speakers and turns in the outputs of the networks, and reports progress. @throws `aborted`. */
export async function solved(
  source: AudioSource,
  { onProgress, signal }: DiarizeRequest,
  { duration, decode, total }: Omit<NetworkOutputs, 'local'>,
  solve: () => Steps<Solution>,
): Promise<PipelineResult> {
  const begun = performance.now();
  const reportClustering = () => onProgress?.({ stage: 'cluster', done: 0, total: duration });
  reportClustering();
  const solution = await paced(solve(), signal, reportClustering);
  onProgress?.({ stage: 'done', done: duration, total: duration });
  const warnings = [...source.warnings, ...solution.warnings];
  return { ...solution, duration, warnings, decode, model: total - decode, cluster: performance.now() - begun };
}
