import type { ModelManifest } from '../contract/model.ts';
import type { Speaker } from '../contract/result.ts';
import type { BinarizedRecording } from '../stages/binarized-recording.ts';
import type { FrameTurn } from '../stages/hysteresis.ts';
import type { PyannoteSettings } from '../stages/pyannote-settings.ts';
import { reconstruct } from '../stages/reconstruct.ts';
import type { Steps } from '../stages/steps.ts';
import type { XVectorSpace } from '../stages/vbx.ts';
import { type Assignment, assignVoices, assignVoicesToCount, findVoices } from '../stages/vbx-clustering.ts';
import { normalize } from '../stages/vectors.ts';
import { labelSpeakers, nameVoices } from '../voices/naming.ts';
import { chooseSpeakerCount, countWarnings } from './speaker-count.ts';
import type { Solution, SolveRequest } from './types.ts';

/** Properties of the model for pyannote's clustering and reconstruction. */
export interface ReconstructContext {
  readonly manifest: ModelManifest;
  readonly settings: PyannoteSettings;
  readonly space: XVectorSpace;
  /** Seconds per frame, and from the recording's start to the middle of its first frame, where turns begin and end. */
  readonly frame: number;
  readonly offset: number;
}

interface Attempt {
  readonly assignment: Assignment;
  readonly turns: readonly FrameTurn[];
  /** In order of appearance. */
  readonly speakers: readonly number[];
}

/**
 * Local speakers of all windows → speakers and turns, within the bounds. A turn's confidence is the share of windows
 * that contain its speaker.
 */
export function* reconstructSteps(
  context: ReconstructContext,
  recording: BinarizedRecording,
  duration: number,
  { bounds, known, falseNames }: SolveRequest,
): Steps<Solution> {
  const { manifest, settings, space, frame, offset } = context;
  const voices = yield* findVoices(recording, space, settings.clustering);
  const seconds = (at: number) => Math.min(duration, Math.round((at * frame + offset) * 1e6) / 1e6);
  // Others lie in the silence that pads the last window.
  const isHeard = (turn: FrameTurn) => seconds(turn.end) > seconds(turn.start);
  const free = yield* attempt(recording, yield* assignVoices(voices), Number.POSITIVE_INFINITY, isHeard);
  const attemptWith = function* (count: number): Steps<Attempt> {
    const same = count === voices.centroids.length;
    const assignment = yield* same ? assignVoices(voices) : assignVoicesToCount(voices, count);
    return yield* attempt(recording, assignment, bounds.most, isHeard);
  };
  const most = Math.max(voices.rows.length, bounds.least);
  const { assignment, turns, speakers } = yield* chooseSpeakerCount(free, bounds, most, attemptWith);
  const speakerVoices = speakers.map((speaker) => {
    const own = turns.filter((turn) => turn.speaker === speaker);
    return {
      embedding: voiceOf(assignment.centroids[speaker], space),
      seconds: own.reduce((sum, turn) => sum + seconds(turn.end) - seconds(turn.start), 0),
    };
  });
  const mean = Float32Array.from(space.before);
  const voiceSpace = { from: space.from, to: 0, mean, projection: new Float32Array(0), between: new Float32Array(0) };
  const rules = { space: manifest.space, voices: voiceSpace, rules: settings.known, falseNames };
  const matches = nameVoices(speakerVoices, known, rules);
  const labels = labelSpeakers(matches, known);
  return {
    turns: turns.map(({ start, end, speaker, score }) => {
      const label = labels[speakers.indexOf(speaker)]!;
      return { start: seconds(start), end: seconds(end), speaker: label, confidence: Math.min(1, score) };
    }),
    speakers: speakerVoices.map((voice, i): Speaker => {
      const name = matches[i]?.name;
      return { label: labels[i]!, ...voice, ...(name === undefined ? {} : { name }) };
    }),
    warnings: countWarnings(speakers.length, bounds),
  };
}

function* attempt(
  recording: BinarizedRecording,
  assignment: Assignment,
  most: number,
  isHeard: (turn: FrameTurn) => boolean,
): Steps<Attempt> {
  const all = yield* reconstruct(recording, assignment.clusterOf, assignment.centroids.length, most);
  const turns = all.filter(isHeard);
  return { assignment, turns, speakers: [...new Set(turns.map((turn) => turn.speaker))] };
}

/** Centroid minus the mean of all embeddings, unit length; zeros for a speaker without a cluster (only counted). */
function voiceOf(centroid: Float64Array | undefined, space: XVectorSpace): Float32Array {
  if (!centroid) return new Float32Array(space.from);
  return normalize(Float32Array.from(centroid, (x, i) => x - space.before[i]!));
}
