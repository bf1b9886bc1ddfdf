/** @module How far a diarization is from the truth: DER as NIST md-eval counts it, JER as dscore does. */
export {
  type DiarizationScore,
  type RecordingScore,
  type Score,
  type ScoredRecording,
  type ScoreInput,
  type ScoreOptions,
  scoreDiarization,
} from './score.ts';
