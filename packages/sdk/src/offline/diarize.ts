import type { AudioSource } from '../contract/audio.ts';
import type { Warning } from '../contract/warnings.ts';
import type { FastCnn } from '../inference/network.ts';
import { paced } from '../inference/paced.ts';
import { analyse } from './analyse.ts';
import { solveSteps } from './speaker-turns.ts';
import type { DiarizeRequest, PipelineResult } from './types.ts';

/** A whole recording: windows → local speakers → clusters → turns. @throws as `analyse`; `aborted`. */
export async function diarize(cnn: FastCnn, source: AudioSource, request: DiarizeRequest): Promise<PipelineResult> {
  const { onProgress, signal } = request;
  const { local, duration, decode, total } = await analyse(cnn, source, request);
  const begun = performance.now();
  onProgress?.({ stage: 'cluster', done: 0, total: duration });
  const solution = await paced(solveSteps(cnn, local, duration, request), signal);
  onProgress?.({ stage: 'done', done: duration, total: duration });
  const warnings: readonly Warning[] = [...source.warnings, ...solution.warnings];
  return { ...solution, duration, warnings, decode, model: total - decode, cluster: performance.now() - begun };
}
