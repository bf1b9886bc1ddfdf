import type { TensorInfo } from './backend.ts';

/** `manifest.json` of a model: what it is, how it is checked, and all settings that depend on its weights. */
export interface ModelManifest {
  readonly id: string;
  readonly version: string;
  /** The embedding space. Vectors of different spaces must never be compared. */
  readonly space: string;
  readonly licence: string;
  /** The pipeline that runs it. */
  readonly pipeline: string;
  readonly sampleRate: number;
  /** Length and lowercase hex SHA-256 of each weights file. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Thresholds and calibration, read and checked by the pipeline named above. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A model as it is handed to `createDiarizer`: its manifest, and a way to get its weights. */
export interface ModelPackage {
  readonly manifest: ModelManifest;
  /** Which entry of `manifest.files` to load. */
  readonly file: string;
  /** The bytes of the weights. @throws `model-not-found`. */
  read(signal?: AbortSignal): Promise<Uint8Array>;
}
