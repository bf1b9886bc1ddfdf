import type { ModelManifest } from 'voiceflow-ml/core';
import { scoreDiarization } from 'voiceflow-ml/metrics';
import * as pipeline from 'voiceflow-ml/stages';
import { solveRecording } from './search.ts';
import type { Analysed } from './windows.ts';

/** A wrong name is worse than none: this share of other people's voices may pass. */
const FALSE_NAMES = 0.02;

/**
 * Cosine from which two voices of different recordings are taken for one: the least at which `FALSE_NAMES` of the pairs
 * of different people pass.
 */
export function knownThreshold(manifest: ModelManifest, recordings: readonly Analysed[]) {
  const settings = pipeline.fastCnnSettings(manifest);
  const voices = recordings.flatMap((recording) => {
    const { turns, speakers } = solveRecording(manifest, settings, recording);
    const score = scoreDiarization({ uri: 'x', turns: recording.reference }, { uri: 'x', turns }).files.x;
    return speakers
      .filter(({ seconds }) => seconds >= 5)
      .map(({ label, embedding }) => ({ recording: recording.name, who: score?.mapping[label], embedding }))
      .filter(({ who }) => who !== undefined);
  });
  const same: number[] = [];
  const different: number[] = [];
  voices.forEach((a, i) => {
    for (const b of voices.slice(0, i)) {
      if (a.recording === b.recording) continue;
      (a.who === b.who ? same : different).push(
        a.embedding.reduce((sum, x, k) => sum + x * (b.embedding[k] as number), 0),
      );
    }
  });
  different.sort((a, b) => b - a);
  const threshold = Math.round((different[Math.floor(different.length * FALSE_NAMES)] ?? 0.5) * 100) / 100;
  const recognised = same.filter((cosine) => cosine >= threshold).length / Math.max(1, same.length);
  return { threshold, pairs: { same: same.length, different: different.length }, recognised };
}
