import { openAsBlob } from 'node:fs';
import { type Model, type ModelManifest, openAudio, type Turn } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { asWav, recordingsOf } from '../accuracy/recordings.ts';

/** The network's outputs for a labeled recording, with all slots. */
export interface Analyzed {
  readonly reference: readonly Turn[];
  readonly local: pipeline.LocalSpeakers;
}

/** Runs the network of the fast-cnn pipeline over every recording of a folder. */
export async function analyzeFolder(
  manifest: ModelManifest,
  model: Model,
  folder: string,
  onFile: (name: string) => void,
): Promise<Analyzed[]> {
  const cnn = pipeline.fastCnnNetwork(manifest, model);
  const all = { ...cnn, settings: { ...cnn.settings, activity: { on: 0, shortest: 0 } } };
  const result: Analyzed[] = [];
  for (const { name, audio, reference } of await recordingsOf(folder)) {
    const source = await openAudio(await openAsBlob(await asWav(audio)), { sampleRate: manifest.sampleRate });
    const { local } = await pipeline.analyze(all, source, {});
    await source.close();
    result.push({ reference, local });
    onFile(name);
  }
  return result;
}
