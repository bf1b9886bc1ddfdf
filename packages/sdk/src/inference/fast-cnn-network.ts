import type { Model, TensorInfo } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { type FastCnnSettings, fastCnnSettings } from '../stages/settings.ts';
import { incompatible } from './incompatible.ts';
import type { SpeechGate } from './speech-gate.ts';

/** The loaded Fast CNN with its sizes and settings, as all steps of the pipeline use it. */
export interface FastCnnNetwork {
  readonly manifest: ModelManifest;
  readonly model: Model;
  readonly network: WindowNetwork;
  readonly settings: FastCnnSettings;
  /** Seconds per frame. */
  readonly frame: number;
  /** Frames between windows. */
  readonly hop: number;
  /** A network with longer windows; says whether one or two people speak. */
  readonly gate?: SpeechGate;
}

/** Checks that manifest, network and settings fit together. @throws `model-incompatible`. */
export function fastCnnNetwork(manifest: ModelManifest, model: Model, gate?: SpeechGate): FastCnnNetwork {
  const network = windowNetwork(manifest, model);
  const settings = gated(fastCnnSettings(manifest), gate);
  const frame = network.window / manifest.sampleRate / network.frames;
  const hop = Math.round(settings.hop / frame);
  if (hop < 1 || hop > network.frames || Math.abs(hop * frame - settings.hop) > 1e-6) {
    throw new VoiceFlowError(
      'model-incompatible',
      `settings.hop is ${settings.hop} s, expected whole frames of ${frame} s, up to one window`,
    );
  }
  return { manifest, model, network, settings, frame, hop, gate };
}

function gated(settings: FastCnnSettings, gate: SpeechGate | undefined): FastCnnSettings {
  if (!gate) return settings;
  const { onset, offset, shortestGap = settings.turns.shortestGap } = gate.settings;
  const turns = { ...settings.turns, onset, offset, shortestGap };
  return { ...settings, turns };
}

/** Tensor names and sizes of a network that outputs a few local speakers for each window. */
interface WindowNetwork {
  readonly input: string;
  readonly embeddings: string;
  readonly activity: string;
  /** Samples per window. */
  readonly window: number;
  readonly frames: number;
  readonly slots: number;
  readonly dimensions: number;
}

/** @throws `model-incompatible` if manifest and loaded network do not agree. */
function windowNetwork(manifest: ModelManifest, model: Model): WindowNetwork {
  const [, window] = declared(manifest, 'inputs', 'audio', 2);
  const [, slots, dimensions] = declared(manifest, 'outputs', 'embeddings', 3);
  const [, frames, same] = declared(manifest, 'outputs', 'activity', 3);
  if (slots !== same) throw incompatible(manifest, `embeddings have ${slots} slots but activity has ${same}`);
  for (const side of ['inputs', 'outputs'] as const) {
    for (const info of manifest[side]) agree(manifest, info, model[side]);
  }
  return { input: 'audio', embeddings: 'embeddings', activity: 'activity', window, frames, slots, dimensions };
}

/** Dimensions of a tensor in the manifest. The first is the batch size, which the caller chooses; it is 0 here. */
function declared(
  manifest: ModelManifest,
  side: 'inputs' | 'outputs',
  name: string,
  rank: 2 | 3,
): [number, number, number] {
  const info = manifest[side]?.find((tensor) => tensor.name === name);
  const sizes = info?.dims.slice(1) ?? [];
  const valid = sizes.every((size) => typeof size === 'number' && Number.isInteger(size) && size > 0);
  if (info?.type !== 'float32' || info.dims.length !== rank || !valid) {
    throw incompatible(manifest, `its manifest must list "${name}" in ${side}, as float32 with ${rank} dimensions`);
  }
  return [0, Number(sizes[0]), Number(sizes[1] ?? 0)];
}

function agree(manifest: ModelManifest, expected: TensorInfo, found: readonly TensorInfo[]): void {
  const tensor = found.find((candidate) => candidate.name === expected.name);
  const fits =
    tensor?.type === expected.type &&
    tensor.dims.length === expected.dims.length &&
    tensor.dims.every(
      (size, i) => typeof size !== 'number' || typeof expected.dims[i] !== 'number' || size === expected.dims[i],
    );
  if (fits) return;
  const seen = tensor ? `${tensor.type} [${tensor.dims.join(', ')}]` : 'no such tensor';
  const wanted = `${expected.type} [${expected.dims.join(', ')}]`;
  throw incompatible(manifest, `expected "${expected.name}" to be ${wanted}, but the network has ${seen}`);
}
