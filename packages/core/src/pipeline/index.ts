/** @module The parts of the fast-cnn pipeline, for tools that measure, calibrate or take it apart. */
export {
  evidence,
  logLikelihood,
  project,
  type SpeakerModel,
  speakerModel,
  type VoiceSpace,
} from '../cluster/voice-space.ts';
export { Powerset, powersetClasses } from '../stages/powerset.ts';
export {
  firstFrame,
  frameTime,
  type Segmentation,
  type SegmentationRun,
  segmentation,
  segmentationRunner,
  type TakeWindow,
  WindowMean,
} from '../stages/segmentation.ts';
export { WindowRunner } from '../stages/window-runner.ts';
export { type TurnEvidence, turnEvidence } from './confidence.ts';
export { type Analysis, analyse, type FastCnn, fastCnn } from './fast-cnn.ts';
export { type Grouping, group, type Partition, speakerEmbedding } from './grouping.ts';
export { LocalSpeakers } from './local.ts';
export { OverlapAdder, windowWeight } from './overlap-add.ts';
export { pushAll } from './run-windows.ts';
export { type FastCnnSettings, fastCnnSettings, type PackedNumbers, packNumbers } from './settings.ts';
export { cleanFrames } from './slots.ts';
export { type Solution, solve } from './solve.ts';
export { type FrameTurn, type TurnRules, TurnTracker } from './turns.ts';
export { WindowCutter } from './windows.ts';
