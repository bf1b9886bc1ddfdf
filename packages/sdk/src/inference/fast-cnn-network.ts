import type { Model } from '../contract/backend.ts';
import { VoiceFlowError } from '../contract/errors.ts';
import type { ModelManifest } from '../contract/model.ts';
import { type FastCnnSettings, fastCnnSettings } from '../stages/settings.ts';
import { type WindowNetwork, windowNetwork } from './network-shape.ts';
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
