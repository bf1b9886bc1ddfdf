import { openAsBlob } from 'node:fs';
import { type Model, type ModelManifest, openAudio, type Turn } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { asWav, recordingsOf } from '../accuracy/recordings.ts';

/** What the network says of a labelled recording, all slots kept, so that every threshold can be tried on it. */
export interface Analyzed {
  readonly set: string;
  readonly name: string;
  readonly duration: number;
  readonly reference: readonly Turn[];
  readonly local: pipeline.LocalSpeakers;
}

/** Runs the network once over every recording of the folders. */
export async function analyzeFolders(
  manifest: ModelManifest,
  model: Model,
  folders: readonly string[],
  onFile: (name: string) => void,
): Promise<Analyzed[]> {
  const cnn = pipeline.fastCnn(manifest, model);
  const all = { ...cnn, settings: { ...cnn.settings, activity: { on: 0, shortest: 0 } } };
  const result: Analyzed[] = [];
  for (const set of folders) {
    for (const { name, audio, reference } of await recordingsOf(set)) {
      const source = await openAudio(await openAsBlob(await asWav(audio)), { sampleRate: manifest.sampleRate });
      const { local, duration } = await pipeline.analyze(all, source, {});
      await source.close();
      result.push({ set, name, duration, reference, local });
      onFile(name);
    }
  }
  return result;
}

/** The same windows with only the slots that speak by these thresholds. */
export function refilter(local: pipeline.LocalSpeakers, above: number, frames: number): pipeline.LocalSpeakers {
  const kept = new pipeline.LocalSpeakers(local, { above, frames });
  const embeddings = new Float32Array(local.slots * local.dimensions);
  for (let window = 0; window < local.windows; window++) {
    embeddings.fill(0);
    for (let slot = 0; slot < local.slots; slot++) {
      const embedding = local.embedding(window, slot);
      if (embedding) embeddings.set(embedding, slot * local.dimensions);
    }
    kept.add(local.activity(window), embeddings);
  }
  return kept;
}
