import { expect, it } from 'vitest';
import { createDiarizer, type ModelPackage, standard } from 'voiceflow-ml';
import { READERS, readersInTurn, shared } from './networks.ts';

const readers = shared('corpus/train/libri100_000.opus');
/** Six are found without the subtraction. */
const LEAST = 7;

async function found(model: ModelPackage, samples: Float32Array): Promise<number> {
  await using diarizer = await createDiarizer({ model });
  const { speakers } = await diarizer.diarize({ samples, sampleRate: 16_000 });
  return speakers.length;
}

it.skipIf(!readers)(
  'more of ten people are told apart when what their recordings have in common is subtracted',
  async () => {
    const samples = await readersInTurn(readers as string, 1);
    const { manifest } = standard;
    const { cluster } = manifest.settings as { cluster: object };
    const settings = { ...manifest.settings, cluster: { ...cluster, offset: 0 } };
    const subtracted = await found(standard, samples);
    expect(subtracted).toBeGreaterThanOrEqual(LEAST);
    expect(subtracted).toBeLessThanOrEqual(READERS.length);
    expect(subtracted).toBeGreaterThan(await found({ ...standard, manifest: { ...manifest, settings } }, samples));
  },
);
