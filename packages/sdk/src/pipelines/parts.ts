/** @module The parts of the pipelines, for tools that measure, calibrate or recombine them. */

export { type Embedding, embedding } from '../inference/embedding.ts';
export { type FastCnnNetwork, fastCnnNetwork } from '../inference/fast-cnn-network.ts';
export {
  type MaskedEmbedding,
  maskedEmbedding,
  type PooledFeatures,
  poolable,
  pooledVoice,
  voiceMask,
} from '../inference/masked-embedding.ts';
export { type LinearLayer, openAtPooling, type PooledNetwork } from '../inference/onnx-graph.ts';
export {
  firstFrame,
  frameTime,
  type Segmentation,
  type SegmentationRun,
  segmentation,
  segmentationRunner,
  type TakeWindow,
  WindowMean,
} from '../inference/segmentation.ts';
export { pushAll, WindowRunner } from '../inference/window-runner.ts';
export { type Analysis, analyze } from '../offline/analyze.ts';
export {
  analyzeRecording,
  type RecordingAnalysis,
  type RecordingModel,
  recordingContext,
  recordingModel,
} from '../offline/analyze-recording.ts';
export { diarize } from '../offline/diarize.ts';
export { type SolveContext, solve } from '../offline/speaker-turns.ts';
export type { Solution } from '../offline/types.ts';
export { BinarizedRecording, type BinarizedWindows, spokenFrames } from '../stages/binarized-recording.ts';
export { centroidLinkage, flatClusters, type Linkage } from '../stages/centroid-linkage.ts';
export { clusterJoined } from '../stages/cluster-joined.ts';
export { type Clustering, clusterSpeakers, type Partition, speakerEmbedding } from '../stages/cluster-speakers.ts';
export { type TurnEvidence, turnEvidence } from '../stages/confidence.ts';
export { Fbank, type FbankShape, fbank, subtractMean } from '../stages/fbank.ts';
export { halfEven } from '../stages/half-even.ts';
export { type FrameTurn, type TurnRules, TurnTracker } from '../stages/hysteresis.ts';
export { type JoinedSettings, joinedSettings } from '../stages/joined-settings.ts';
export { cleanFrames } from '../stages/local-speaker-table.ts';
export type { LocalRecording } from '../stages/local-speakers.ts';
export { LocalSpeakers } from '../stages/local-speakers.ts';
export { OverlapAdder, windowWeight } from '../stages/overlap-add.ts';
export { PieceSpeakers } from '../stages/piece-speakers.ts';
export { type Piece, PieceCutter, type PieceRules, type VoicedPiece } from '../stages/pieces.ts';
export {
  evidence,
  logLikelihood,
  project,
  type SpeakerModel,
  speakerModel,
  type VoiceSpace,
} from '../stages/plda.ts';
export { Powerset, powersetClasses } from '../stages/powerset.ts';
export { PLDA_FILES, pyannoteSettings, readPlda } from '../stages/pyannote-settings.ts';
export { reconstruct } from '../stages/reconstruct.ts';
export { type RecordingSettings, recordingSettings } from '../stages/recording-settings.ts';
export { SegmentedRecording } from '../stages/segmented.ts';
export {
  type FastCnnSettings,
  fastCnnSettings,
  type NamingRules,
  type SolveSettings,
} from '../stages/settings.ts';
export { type PackedNumbers, packNumbers } from '../stages/settings-reader.ts';
export { finish, type Steps } from '../stages/steps.ts';
export { toXVectorSpace, type Vbx, type VbxRules, vbx, type XVectorSpace, xVectorSpace } from '../stages/vbx.ts';
export {
  type Assignment,
  assignVoices,
  assignVoicesToCount,
  findVoices,
  NOBODY,
  type VbxSettings,
  type Voices,
} from '../stages/vbx-clustering.ts';
export { WindowCutter } from '../stages/windows.ts';
export { nameVoices, type SpeakerVoice, voiceScores } from '../voices/naming.ts';
export { fastCnnPipeline } from './fast-cnn.ts';
export type { Pipeline, PipelineFactory } from './pipeline.ts';
