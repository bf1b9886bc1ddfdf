import type { TensorInfo } from './backend.ts';

/** The task of a network: who speaks when in a window (`segmentation`), whose voice it is (`embedding`), or both. */
export type ModelPart = 'segmentation' | 'embedding' | 'both';

/**
 * A segmentation network: for a window of audio, it outputs which of a few local speakers are active in each frame.
 * float32 `[N, window]` or `[N, 1, window]` → `[N, frames, classes]`, logits or log-probabilities of powerset classes.
 */
export interface SegmentationPart {
  /** Sample rate of the input in Hz. */
  readonly sampleRate: number;
  /** Samples per window. */
  readonly window: number;
  /** Frames per window. */
  readonly frames: number;
  /** Samples between frames. */
  readonly frameStep: number;
  /** Samples from the window's start to the middle of its first frame. */
  readonly frameStart: number;
  /** Local speakers per window, and how many of them may be active at once; together they determine the classes. */
  readonly speakers: number;
  readonly speakersAtOnce: number;
}

/** An embedding network, which turns speech into a voice embedding: Kaldi fbank `[N, T, bins]` → `[N, dimensions]`. */
export interface EmbeddingPart {
  /** Sample rate of the input in Hz. */
  readonly sampleRate: number;
  readonly features: 'fbank';
  readonly window: 'povey' | 'hamming';
  /** Factor applied to samples in ±1: 1, or 32768 for networks that were trained on 16-bit integers. */
  readonly scale: number;
  /** Mel bins. */
  readonly bins: number;
  /** Length of an embedding. */
  readonly dimensions: number;
  /** Minimum number of feature frames in the input; shorter speech is repeated to reach it. */
  readonly leastFrames: number;
  /** Whether negative outputs for pieces count as 0, as if the network ended in a ReLU. Default: false. */
  readonly rectified?: boolean;
}

/** `manifest.json` of a model: its identity, the checksums of its files and the settings that depend on its weights. */
export interface ModelManifest {
  /** Version of this contract that the manifest follows (`SPEC_VERSION`). Default 1; other versions are rejected. */
  readonly specVersion?: 1;
  readonly id: string;
  readonly version: string;
  /** Id of the embedding space. Vectors of different spaces must never be compared. */
  readonly space: string;
  readonly license: string;
  /** Name of the pipeline that runs the model. */
  readonly pipeline: string;
  readonly sampleRate: number;
  /** Task of the network. Default `both`. */
  readonly part?: ModelPart;
  /** Present for a network that outputs powerset classes of windows. */
  readonly segmentation?: SegmentationPart;
  /** Present for a network that computes voice embeddings from features. */
  readonly embedding?: EmbeddingPart;
  /** For a model in a folder: manifest of the segmentation network in the same folder. */
  readonly segmenter?: ModelManifest;
  /**
   * For a model in a folder: the model also uses the network that is embedded in VoiceFlow. If the folder has only a
   * segmenter, the embedded network is the model's main network, and its settings are defaults for `settings`;
   * otherwise it becomes the `windows` of the package.
   */
  readonly embedded?: 'fast-cnn';
  /** Length and lowercase hex SHA-256 of each weights file. */
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Thresholds and calibration, read and checked by the pipeline named above. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A model as passed to `createDiarizer`: its manifest, and functions that read its weights. */
export interface ModelPackage {
  readonly manifest: ModelManifest;
  /** Entry of `manifest.files` to load. */
  readonly file: string;
  /** Reads the weights. @throws `model-not-found`. */
  read(signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Returns the bytes to load, from weights that match the manifest: the same network, in a form that runs faster.
   * Default: the weights as they are.
   */
  rewrite?(weights: Uint8Array): Uint8Array;
  /** Reads another entry of `manifest.files`, for pipelines that need more files than the network. */
  readFile?(name: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** Segmentation network, for a model that only computes embeddings or that uses it as a speech gate. */
  readonly segmenter?: ModelPackage;
  /** Network that outputs local speakers of windows, for a model that only embeds pieces of speech. */
  readonly windows?: ModelPackage;
}
