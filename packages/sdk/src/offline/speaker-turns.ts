import type { ModelManifest } from '../contract/model.ts';
import type { Speaker } from '../contract/result.ts';
import type { Turn } from '../contract/segment.ts';
import { type Clustering, clusterSpeakers, type Partition, speakerEmbedding } from '../stages/cluster-speakers.ts';
import { confidenceOf, type TurnEvidence, turnEvidence } from '../stages/confidence.ts';
import { type FrameTurn, TurnTracker } from '../stages/hysteresis.ts';
import type { LocalRecording } from '../stages/local-speakers.ts';
import { OverlapAdder, type OverlapShape, windowWeight } from '../stages/overlap-add.ts';
import type { SolveSettings } from '../stages/settings.ts';
import { CERTAIN_SILENCE, type SpeechMask } from '../stages/speech.ts';
import { finish, type Steps } from '../stages/steps.ts';
import { labelSpeakers, nameVoices } from '../voices/naming.ts';
import { chooseSpeakerCount, countWarnings } from './speaker-count.ts';
import type { Solution, SolveRequest } from './types.ts';

/** Weight of a window's edges, relative to its middle. */
export const EDGE_WEIGHT = 0.05;
/** A few milliseconds of work. */
const WINDOWS_PER_STEP = 256;

/** A partition of the recording: its turns, and the clusters that have turns, in order of appearance. */
interface Attempt {
  readonly partition: Partition;
  readonly turns: readonly FrameTurn[];
  readonly speakers: readonly number[];
}

/** Combines windows into a score for every speaker at each frame, in order. */
interface FrameScores {
  /** Adds a window. @param speakerOf `[slots]`. */
  add(window: number, speakerOf: ArrayLike<number>): void;
  /** Takes the next frame that no later window covers: `[speakers]`, valid until the next call. */
  take(): Float32Array;
}

/** Properties of the model for solving (clustering and turns), after its networks have run. */
export interface SolveContext {
  readonly manifest: ModelManifest;
  readonly settings: SolveSettings;
  /** Seconds per frame. */
  readonly frame: number;
  /** Seconds from the recording's start to the start of its first frame. Default 0. */
  readonly offset?: number;
  /** Makes the object that computes the speakers' scores. Default: `OverlapAdder`. */
  readonly adder?: (shape: OverlapShape, partition: Partition) => Steps<FrameScores>;
  /** Clusters the local speakers. Default: `clusterSpeakers`. */
  readonly cluster?: () => Steps<Clustering>;
  /** Local speakers with the embeddings used for speakers and known voices. Default: those used for clustering. */
  readonly identity?: { readonly local: LocalRecording; readonly settings: Pick<SolveSettings, 'voices' | 'known'> };
}

/** Local speakers → speakers and turns, within the bounds on the number of speakers. */
export function solve(cnn: SolveContext, local: LocalRecording, duration: number, request: SolveRequest): Solution {
  return finish(solveSteps(cnn, local, duration, request));
}

/** Like `solve`, in steps. */
export function* solveSteps(
  cnn: SolveContext,
  local: LocalRecording,
  duration: number,
  { bounds, known, falseNames }: SolveRequest,
): Steps<Solution> {
  const clustering = yield* cnn.cluster?.() ?? clusterSpeakers(local, cnn.settings, cnn.frame);
  const { automatic, most } = clustering;
  if (automatic === 0) return { turns: [], speakers: [], warnings: countWarnings(0, bounds) };
  const attemptWith = (count: number) => attemptOf(cnn, local, duration, clustering.partition(count));
  const attempt = yield* chooseSpeakerCount(yield* attemptWith(automatic), bounds, most, attemptWith);
  const { partition } = attempt;
  const by = cnn.identity ?? { local, settings: cnn.settings };
  const { voices, known: rules } = by.settings;
  const embeddings = attempt.speakers.map((speaker) => speakerEmbedding(by.local, partition, speaker, voices.mean));
  const speakerVoices = embeddings.map((embedding, i) => {
    return { embedding, seconds: framesOf(attempt, attempt.speakers[i]!) * cnn.frame };
  });
  const matches = nameVoices(speakerVoices, known, { space: cnn.manifest.space, voices, rules, falseNames });
  const labels = labelSpeakers(matches, known);
  const evidence = yield* turnEvidence(local, partition, attempt.turns);
  const turns = turnsOf(cnn, attempt, evidence, labels, duration);
  const speakers = embeddings.map((embedding, i): Speaker => {
    const label = labels[i]!;
    const seconds = turns.reduce((sum, turn) => sum + (turn.speaker === label ? turn.end - turn.start : 0), 0);
    const name = matches[i]?.name;
    return { label, seconds, embedding, ...(name === undefined ? {} : { name }) };
  });
  return { turns, speakers, warnings: countWarnings(speakers.length, bounds) };
}

/** Frames that a speaker speaks. */
function framesOf({ turns }: Attempt, speaker: number): number {
  return turns.reduce((sum, turn) => sum + (turn.speaker === speaker ? turn.end - turn.start : 0), 0);
}

function* attemptOf(
  cnn: SolveContext,
  local: LocalRecording,
  duration: number,
  clustered: Steps<Partition>,
): Steps<Attempt> {
  const partition = yield* clustered;
  const { turns: rules } = cnn.settings;
  const turns: FrameTurn[] = [];
  const frames = (seconds: number) => Math.round(seconds / cnn.frame);
  const tracker = new TurnTracker(
    { ...rules, shortestGap: frames(rules.shortestGap), shortestTurn: frames(rules.shortestTurn) },
    (turn) => {
      // Others begin in the silence that pads the last window.
      if (seconds(turn.start, cnn) < duration) turns.push(turn);
    },
  );
  const shape = {
    frames: local.frames,
    slots: local.slots,
    speakers: partition.speakers,
    weight: windowWeight(local.frames, rules.edge ?? EDGE_WEIGHT),
  };
  const adder = cnn.adder ? yield* cnn.adder(shape, partition) : overlapScores(local, shape);
  const end = local.startOf(local.windows - 1) + local.frames;
  const frameRules = { mask: local.mask, silences: local.mask?.silences(0, end), onset: rules.onset, tracker };
  for (let window = 0; window < local.windows; window++) {
    if (window % WINDOWS_PER_STEP === 0) yield;
    const at = window * local.slots;
    adder.add(window, partition.speakerOf.subarray(at, at + local.slots));
    const isLast = window + 1 === local.windows;
    takeFrames(adder, local.startOf(window), isLast ? end : local.startOf(window + 1), frameRules);
  }
  tracker.end();
  turns.sort((a, b) => a.start - b.start || a.end - b.end || a.speaker - b.speaker);
  return { partition, turns, speakers: [...new Set(turns.map((turn) => turn.speaker))] };
}

interface FrameRules {
  readonly mask: SpeechMask | undefined;
  /** `[frames]`: 1 in frames of certain silence. */
  readonly silences: Uint8Array | undefined;
  readonly onset: number;
  readonly tracker: TurnTracker;
}

/** Makes turns of the frames `[from, to)`, whose scores are fused with what a gate says of them. */
function takeFrames(
  adder: FrameScores,
  from: number,
  to: number,
  { mask, silences, onset, tracker }: FrameRules,
): void {
  for (let frame = from; frame < to; frame++) {
    const scores = adder.take();
    mask?.fuse(frame, scores, onset);
    if (silences?.[frame]) scores.fill(CERTAIN_SILENCE);
    tracker.push(scores);
  }
}

function overlapScores(local: LocalRecording, shape: OverlapShape): FrameScores {
  const adder = new OverlapAdder(shape);
  return {
    add: (window, speakerOf) => {
      adder.add(local.unmaskedActivity?.(window) ?? local.activity(window), speakerOf);
    },
    take: () => adder.take(),
  };
}

function turnsOf(
  cnn: SolveContext,
  { turns, speakers }: Attempt,
  evidence: readonly TurnEvidence[],
  labels: readonly string[],
  duration: number,
): Turn[] {
  const order = new Map(speakers.map((speaker, i) => [speaker, i]));
  return turns.map((turn, i): Turn => {
    return {
      start: Math.min(seconds(turn.start, cnn), duration),
      end: Math.min(seconds(turn.end, cnn), duration),
      speaker: labels[order.get(turn.speaker) ?? 0]!,
      confidence: confidenceOf(cnn.settings.confidence, evidence[i]!),
    };
  });
}

/** Frames to seconds, rounded to avoid floating-point errors such as in 3 × 0.02. */
function seconds(frames: number, { frame, offset = 0 }: SolveContext): number {
  return Math.round((frames * frame + offset) * 1e6) / 1e6;
}
