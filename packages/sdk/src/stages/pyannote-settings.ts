import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { readNpz } from './npz.ts';
import { type NamingRules, namingRules } from './settings.ts';
import { SettingsReader } from './settings-reader.ts';
import { type XVectorSpace, xVectorSpace } from './vbx.ts';
import type { VbxSettings } from './vbx-clustering.ts';

/** Settings of the pyannote pipeline in a manifest. */
export interface PyannoteSettings {
  /** Seconds between windows. */
  readonly step: number;
  readonly clustering: VbxSettings;
  readonly known: NamingRules;
}

/** Reads and checks a manifest's settings. @throws `model-incompatible`, naming the setting and its range. */
export function pyannoteSettings(manifest: ModelManifest): PyannoteSettings {
  const read = new SettingsReader(manifest);
  return {
    step: read.number('segmentation.step', 0.1, 10),
    clustering: {
      threshold: read.number('vbx.threshold', 0, 2),
      leastShare: read.number('vbx.leastShare', 0, 1),
      fa: read.number('vbx.fa', 1e-6, 1000),
      fb: read.number('vbx.fb', 1e-6, 1000),
      iterations: read.number('vbx.iterations', 1, 1000),
      smoothing: read.number('vbx.smoothing', 0, 100),
    },
    known: namingRules(read),
  };
}

/** The two PLDA files, as pyannote publishes them. */
export const PLDA_FILES = { transform: 'xvec_transform.npz', plda: 'plda.npz' } as const;

/** Reads the voice space from the two files. @throws `model-corrupt`. */
export function readPlda(transform: Uint8Array, plda: Uint8Array): XVectorSpace {
  const x = readNpz(transform, PLDA_FILES.transform);
  const p = readNpz(plda, PLDA_FILES.plda);
  const [before, after, reduction] = [x.mean1, x.mean2, x.lda];
  const [mean, whitening, between] = [p.mu, p.tr, p.psi];
  if (!before || !after || !reduction || !mean || !whitening || !between) throw invalidPlda('an array is missing');
  const [from, to] = [before.length, after.length];
  const sizes = [reduction.length, mean.length, whitening.length, between.length];
  if (sizes.join() !== [from * to, to, to * to, to].join())
    throw invalidPlda(`its arrays have ${sizes.join(', ')} numbers`);
  if (!between.every((phi) => phi > 0)) throw invalidPlda('a variance is not above 0');
  return xVectorSpace({ from, to, before, after, reduction, mean, whitening, between });
}

function invalidPlda(why: string): VoiceFlowError {
  return new VoiceFlowError(
    'model-corrupt',
    `${PLDA_FILES.transform} and ${PLDA_FILES.plda} are not a valid PLDA: ${why}`,
  );
}
