import type { TensorInfo } from './backend.ts';

/** Which of a recording's questions a network answers: who speaks when in a window, whose voice it is, or both. */
export type ModelPart = 'segmentation' | 'embedding' | 'both';

/**
 * A network that hears a window and says who of a few local speakers is active in each frame: float32
 * `[N, window]` or `[N, 1, window]` → `[N, frames, classes]`, logits or log-probabilities of powerset classes.
 */
export interface SegmentationPart {
  /** Of the audio that it hears. */
  readonly sampleRate: number;
  /** Samples of a window. */
  readonly window: number;
  /** Frames of a window. */
  readonly frames: number;
  /** Samples between frames. */
  readonly frameStep: number;
  /** Samples from the window's start to the middle of its first frame. */
  readonly frameStart: number;
  /** Local speakers of a window, and how many of them may be active at once: together they make the classes. */
  readonly speakers: number;
  readonly speakersAtOnce: number;
}

/** A network that hears speech and gives the voice: Kaldi fbank `[N, T, bins]` → `[N, dimensions]`. */
export interface EmbeddingPart {
  /** Of the audio that it hears. */
  readonly sampleRate: number;
  readonly features: 'fbank';
  readonly window: 'povey' | 'hamming';
  /** What samples in ±1 are multiplied by: 1, or 32768 for networks that were trained on 16-bit numbers. */
  readonly scale: number;
  /** Mel bins. */
  readonly bins: number;
  /** Numbers of an embedding. */
  readonly dimensions: number;
  /** Least frames of a piece of speech; shorter ones are repeated. */
  readonly leastFrames: number;
}

/** `manifest.json` of a model: what it is, how it is checked, and all settings that depend on its weights. */
export interface ModelManifest {
  /** The version of this contract that it is written for (`SPEC_VERSION`). Absent: 1. Others are refused. */
  readonly specVersion?: 1;
  readonly id: string;
  readonly version: string;
  /** The embedding space. Vectors of different spaces must never be compared. */
  readonly space: string;
  readonly license: string;
  /** The pipeline that runs it. */
  readonly pipeline: string;
  readonly sampleRate: number;
  /** What the network answers. Default `both`. */
  readonly part?: ModelPart;
  /** Of a network that segments windows by powerset classes. */
  readonly segmentation?: SegmentationPart;
  /** Of a network that gives voices from features. */
  readonly embedding?: EmbeddingPart;
  /** Of a model in a folder: the network beside it that tells who speaks when. */
  readonly segmenter?: ModelManifest;
  /**
   * Of a model in a folder: the network that comes with VoiceFlow takes part. Where the folder has no network of its own but
   * a segmenter, it stands in its place, and its settings come before these; else it is the package's `windows`.
   */
  readonly embedded?: 'fast-cnn';
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
  /** The bytes of another entry of `manifest.files`, where a pipeline needs more than the network. */
  readFile?(name: string, signal?: AbortSignal): Promise<Uint8Array>;
  /** The network that tells who speaks when, where this one is for voices alone, or is helped by it. */
  readonly segmenter?: ModelPackage;
  /** The network of windows whose local speakers are taken, where this one gives the voices of pieces of speech. */
  readonly windows?: ModelPackage;
}
