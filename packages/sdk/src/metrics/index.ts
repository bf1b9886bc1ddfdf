/** @module Scores of a diarization against a reference: DER like NIST md-eval, JER like dscore. */
export {
  type DiarizationScore,
  type RecordingScore,
  type Score,
  type ScoredRecording,
  type ScoreInput,
  type ScoreOptions,
  scoreDiarization,
} from './score.ts';
