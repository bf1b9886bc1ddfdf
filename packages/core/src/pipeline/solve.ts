import type { Turn } from '../annotation/segment.ts';
import { assignment } from '../cluster/assignment.ts';
import { dot } from '../cluster/vectors.ts';
import type { Speaker } from '../diarization.ts';
import type { KnownVoice, SpeakerBounds } from '../options.ts';
import type { Warning } from '../warnings.ts';
import type { FastCnn } from './fast-cnn.ts';
import { type Grouping, group, type Partition } from './grouping.ts';
import type { LocalSpeakers } from './local.ts';
import { OverlapAdder, windowWeight } from './overlap-add.ts';
import type { DiarizeRequest } from './pipeline.ts';
import { type FrameTurn, TurnTracker } from './turns.ts';

/** Trust in a window's edges, relative to its middle. */
const EDGE_WEIGHT = 0.05;
/** How many clusters beyond the wanted number are tried before a count is given up: clusters without a turn are rare. */
const MOST_EXTRA = 8;

export interface Solution {
  readonly turns: readonly Turn[];
  readonly speakers: readonly Speaker[];
  readonly warnings: readonly Warning[];
}

/** One way to part the recording: its turns, and who of the partition's clusters has any, in order of appearance. */
interface Attempt {
  readonly partition: Partition;
  readonly turns: readonly FrameTurn[];
  readonly speakers: readonly number[];
}

/** Local speakers → speakers and turns, within the bounds. */
export function solve(
  cnn: FastCnn,
  local: LocalSpeakers,
  duration: number,
  { bounds, known }: Pick<DiarizeRequest, 'bounds' | 'known'>,
): Solution {
  const grouping = group(local, cnn.settings, cnn.frame);
  const attempt = search(grouping, bounds, (count) => attemptOf(cnn, local, grouping.partition(count)));
  const names = nameVoices(attempt, known, cnn.settings.known);
  const turns = turnsOf(cnn, attempt, names, duration);
  const speakers = attempt.speakers.map((speaker, i): Speaker => {
    const label = names.get(i) ?? labelOf(i);
    const seconds = turns.reduce((sum, turn) => sum + (turn.speaker === label ? turn.end - turn.start : 0), 0);
    const embedding = (attempt.partition.centroids[speaker] as Float32Array).slice();
    const name = names.get(i);
    return { label, seconds, embedding, ...(name === undefined ? {} : { name }) };
  });
  return { turns, speakers, warnings: warningsOf(speakers.length, bounds) };
}

const NOBODY: Attempt = { partition: { centroids: [], speakerOf: new Int16Array() }, turns: [], speakers: [] };

/**
 * The number that is found without asking stands when it is within the bounds; else the nearest bound is aimed at.
 * So asking for what was found changes nothing, and neither does a bound that does not bind.
 */
function search(grouping: Grouping, bounds: SpeakerBounds, attempt: (count: number) => Attempt): Attempt {
  if (grouping.automatic === 0) return NOBODY;
  const free = attempt(grouping.automatic);
  const found = free.speakers.length;
  const wanted = Math.min(Math.max(found, bounds.least), bounds.most);
  if (found === wanted || found === 0) return free;
  let best = free;
  const off = (candidate: Attempt) =>
    Math.abs(candidate.speakers.length - wanted) + (candidate.speakers.length > bounds.most ? 1000 : 0);
  for (let count = wanted; count <= Math.min(grouping.most, wanted + MOST_EXTRA); count++) {
    const candidate = attempt(count);
    if (off(candidate) < off(best)) best = candidate;
    if (off(best) === 0) break;
  }
  return best;
}

function attemptOf(cnn: FastCnn, local: LocalSpeakers, partition: Partition): Attempt {
  const { turns: rules } = cnn.settings;
  const turns: FrameTurn[] = [];
  const frames = (seconds: number) => Math.round(seconds / cnn.frame);
  const tracker = new TurnTracker(
    { ...rules, shortestGap: frames(rules.shortestGap), shortestTurn: frames(rules.shortestTurn) },
    (turn) => turns.push(turn),
  );
  const adder = new OverlapAdder({
    frames: local.frames,
    slots: local.slots,
    hop: local.hop,
    speakers: partition.centroids.length,
    weight: windowWeight(local.frames, EDGE_WEIGHT),
  });
  const emit = (scores: Float32Array) => tracker.push(scores);
  for (let window = 0; window < local.windows; window++) {
    const at = window * local.slots;
    adder.add(local.activity(window), partition.speakerOf.subarray(at, at + local.slots), emit);
  }
  adder.end(emit);
  tracker.end();
  turns.sort((a, b) => a.start - b.start || a.end - b.end || a.speaker - b.speaker);
  return { partition, turns, speakers: [...new Set(turns.map((turn) => turn.speaker))] };
}

/** Known voices to speakers (indices in order of appearance), one to one, best matches first. */
function nameVoices(attempt: Attempt, known: readonly KnownVoice[], least: number): Map<number, string> {
  const names = new Map<number, string>();
  if (known.length === 0 || attempt.speakers.length === 0) return names;
  const similarity = new Float64Array(attempt.speakers.length * known.length);
  attempt.speakers.forEach((speaker, row) => {
    const centroid = attempt.partition.centroids[speaker];
    known.forEach((voice, column) => {
      const cosine = centroid ? dot(centroid, voice.embedding) : 0;
      // Below the threshold all are equally unlike: they must not sway the pairing of the others.
      similarity[row * known.length + column] = cosine >= least ? cosine + 2 : 0;
    });
  });
  const pairs = assignment(similarity, attempt.speakers.length, known.length, { maximize: true });
  pairs.forEach((column, row) => {
    const voice = known[column];
    if (voice && (similarity[row * known.length + column] as number) > 0) names.set(row, voice.name);
  });
  return names;
}

function turnsOf(cnn: FastCnn, attempt: Attempt, names: Map<number, string>, duration: number): Turn[] {
  const order = new Map(attempt.speakers.map((speaker, i) => [speaker, i]));
  const { bias, slope } = cnn.settings.turns.confidence;
  return attempt.turns
    .map((turn): Turn => {
      const i = order.get(turn.speaker) ?? 0;
      return {
        start: Math.min(seconds(turn.start, cnn.frame), duration),
        end: Math.min(seconds(turn.end, cnn.frame), duration),
        speaker: names.get(i) ?? labelOf(i),
        confidence: 1 / (1 + Math.exp(-(bias + slope * turn.score))),
      };
    })
    .filter((turn) => turn.end > turn.start);
}

/** Without the last bits of a product such as 3 × 0.02. */
function seconds(frames: number, frame: number): number {
  return Math.round(frames * frame * 1e6) / 1e6;
}

function labelOf(index: number): string {
  return `SPEAKER_${String(index).padStart(2, '0')}`;
}

function warningsOf(found: number, bounds: SpeakerBounds): Warning[] {
  const warnings: Warning[] = [];
  if (found === 0) warnings.push({ code: 'audio-silent', message: 'no speech was found' });
  if (found < bounds.least && bounds.least > 1) {
    const asked = bounds.least === bounds.most ? `${bounds.least}` : `at least ${bounds.least}`;
    warnings.push({
      code: 'speaker-count-unreached',
      message: `${asked} speakers were asked for, but only ${found} could be told apart`,
    });
  }
  return warnings;
}
