import { VoiceFlowError } from '../errors.ts';
import type { ModelManifest } from '../model.ts';

/** Everything of the fast-cnn pipeline that depends on the weights. Stands in `manifest.json`, under `settings`. */
export interface FastCnnSettings {
  /** Seconds between windows; whole frames. */
  readonly hop: number;
  /** Windows of one run of the network. */
  readonly batch: number;
  readonly activity: {
    /** A slot's frame counts as speech above this. */
    readonly on: number;
    /** Seconds a slot must speak in a window to be a local speaker. */
    readonly shortest: number;
  };
  readonly cluster: {
    /** Average-linkage distance (1 − cosine) up to which clusters are merged. */
    readonly threshold: number;
    /** Seconds of clean speech in a window that make a slot a point of the clustering. */
    readonly clean: number;
    /** Seconds of speech that make a cluster a speaker. */
    readonly least: number;
  };
  readonly turns: {
    readonly onset: number;
    readonly offset: number;
    /** Seconds. */
    readonly shortestGap: number;
    /** Seconds. */
    readonly shortestTurn: number;
    /** Logistic calibration of a turn's mean score: confidence = 1 / (1 + exp(−(bias + slope × score))). */
    readonly confidence: { readonly bias: number; readonly slope: number };
  };
  /** Cosine from which a voice is taken for a known one. */
  readonly known: number;
}

/** Reads and checks a manifest's settings. @throws `model-incompatible`, naming the setting and its range. */
export function fastCnnSettings(manifest: ModelManifest): FastCnnSettings {
  const number = (path: string, least: number, most: number) => numberAt(manifest, path, least, most);
  return {
    hop: number('hop', 0.02, 1),
    batch: number('batch', 1, 64),
    activity: { on: number('activity.on', 0, 1), shortest: number('activity.shortest', 0, 1) },
    cluster: {
      threshold: number('cluster.threshold', 0, 2),
      clean: number('cluster.clean', 0, 1),
      least: number('cluster.least', 0, 60),
    },
    turns: {
      onset: number('turns.onset', 0, 1),
      offset: number('turns.offset', 0, 1),
      shortestGap: number('turns.shortestGap', 0, 10),
      shortestTurn: number('turns.shortestTurn', 0, 10),
      confidence: {
        bias: number('turns.confidence.bias', -100, 100),
        slope: number('turns.confidence.slope', -100, 100),
      },
    },
    known: number('known', -1, 1),
  };
}

function numberAt(manifest: ModelManifest, path: string, least: number, most: number): number {
  let value: unknown = manifest.settings;
  for (const key of path.split('.')) value = isRecord(value) ? value[key] : undefined;
  if (typeof value === 'number' && value >= least && value <= most) return value;
  throw new VoiceFlowError(
    'model-incompatible',
    `${manifest.id}@${manifest.version}: settings.${path} is ${JSON.stringify(value) ?? 'absent'}; ` +
      `a number from ${least} to ${most} was expected`,
    { hint: 'use the manifest that was made for these weights' },
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
