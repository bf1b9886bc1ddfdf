/** @module The parts of the fast-cnn pipeline, for tools that measure, calibrate or take it apart. */

export { type FastCnn, fastCnn } from '../inference/network.ts';
export { pushAll } from '../inference/run-windows.ts';
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
export { WindowRunner } from '../inference/window-runner.ts';
export { type Analysis, analyse } from '../offline/analyse.ts';
export { type Solution, solve } from '../offline/speaker-turns.ts';
export { type TurnEvidence, turnEvidence } from '../stages/confidence.ts';
export { type FrameTurn, type TurnRules, TurnTracker } from '../stages/hysteresis.ts';
export { cleanFrames } from '../stages/local-speaker-table.ts';
export { LocalSpeakers } from '../stages/local-speakers.ts';
export { OverlapAdder, windowWeight } from '../stages/overlap-add.ts';
export {
  evidence,
  logLikelihood,
  project,
  type SpeakerModel,
  speakerModel,
  type VoiceSpace,
} from '../stages/plda.ts';
export { Powerset, powersetClasses } from '../stages/powerset.ts';
export { type FastCnnSettings, fastCnnSettings, type PackedNumbers, packNumbers } from '../stages/settings.ts';
export { type Grouping, group, type Partition, speakerEmbedding } from '../stages/speakers.ts';
export { WindowCutter } from '../stages/windows.ts';
