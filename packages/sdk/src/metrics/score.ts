import { unite } from '../annotation/intervals.ts';
import type { NoScoreZone } from '../annotation/rttm.ts';
import { toSeconds, toTicks } from '../annotation/time.ts';
import { Timeline } from '../annotation/timeline.ts';
import type { Uem } from '../annotation/uem.ts';
import { invalidOption } from '../contract/errors.ts';
import { checkLength, checkSegment, MAX_SECONDS, type Segment, type Turn } from '../contract/segment.ts';
import type { Warning } from '../contract/warnings.ts';
import { Channels } from './channels.ts';
import { type ErrorTimes, errorTimes } from './der.ts';
import { type JaccardErrors, jaccardErrorRate, jaccardErrors } from './jer.ts';
import { pairOf, trackOf } from './sweep.ts';

/** The turns of one recording: an `RttmRecording`, an `Annotation` or a `Diarization`. */
export interface ScoredRecording {
  /** Recording id. Default `audio`. */
  readonly uri?: string;
  /** If a file has several channels in the reference or the hypothesis, each channel is scored separately. */
  readonly channel?: string;
  readonly turns: readonly Turn[];
  readonly noScore?: readonly NoScoreZone[];
}

/** One recording (or just its turns), or several recordings. */
export type ScoreInput = ScoredRecording | readonly ScoredRecording[] | readonly Turn[];

export interface ScoreOptions {
  /** Regions to score, for each recording (`Uem`) or for all (`Timeline`). */
  readonly uem?: Uem | Timeline;
  /**
   * Seconds excluded on *each* side of every reference boundary, as in NIST's tools (in pyannote.metrics, the collar is
   * the sum of both sides). Default 0.
   */
  readonly collar?: number;
  /** Exclude regions in which the reference has two or more turns at once. Default false. */
  readonly skipOverlap?: boolean;
  /**
   * Region to score without a UEM: from the first start to the last end of both sides (`union`, the default, like
   * dscore) or of the reference (`reference`, like md-eval, which ignores hypothesis turns before and after it).
   */
  readonly extent?: 'union' | 'reference';
}

/** Rates in percent, times in seconds of speaker time. */
export interface Score {
  /** Diarization error rate: (miss + falseAlarm + confusion) / scored; null if nothing is scored. */
  readonly der: number | null;
  readonly miss: number;
  readonly falseAlarm: number;
  readonly confusion: number;
  /** Speaker time of the reference; two speakers at once count twice. */
  readonly scored: number;
  /** Jaccard error rate; null for a recording that is not in the UEM. In total 0 if there is none (like dscore). */
  readonly jer: number | null;
}

export interface RecordingScore extends Score {
  /** Hypothesis label → reference label, without unmapped speakers. */
  readonly mapping: Readonly<Record<string, string>>;
}

export interface DiarizationScore {
  /** Scores by file id, sorted; `FILE CHANNEL` for files with several channels. */
  readonly files: Readonly<Record<string, RecordingScore>>;
  /** Total over all recordings with reference turns: summed times, DER of the sums, JER over all speakers. */
  readonly total: Score;
  readonly warnings: readonly Warning[];
}

/**
 * Scores a diarization against a reference: DER like NIST md-eval 22, JER like dscore (without its rounding to frames).
 *
 * The behavior of md-eval is kept, since published results are based on it: speakers are mapped before collars and
 * overlap are removed; overlapping turns of one speaker count once; `NOSCORE` and `NON-LEX` lines are respected; the
 * directory and the first extension of file names in the UEM are dropped, and a recording that is then not in the UEM
 * is scored over the extent of its reference; a recording without reference turns is listed but not included in the
 * total. The last two cases give `warnings`. Channels of one file are separate recordings.
 *
 * @throws VoiceFlowError `invalid-option` for an invalid option, invalid times, or more than 1,000 speakers per
 *   recording.
 */
export function scoreDiarization(
  reference: ScoreInput,
  hypothesis: ScoreInput,
  options: ScoreOptions = {},
): DiarizationScore {
  const exclusion = {
    collar: toTicks(Math.min(checkOptions(options), MAX_SECONDS)),
    skipOverlap: options.skipOverlap === true,
  };
  const sides = { reference: listOf(reference), hypothesis: listOf(hypothesis) };
  const channels = new Channels(sides.reference, sides.hypothesis);
  const references = recordingsOf(sides.reference, channels, 'reference');
  const hypotheses = recordingsOf(sides.hypothesis, channels, 'hypothesis');
  const names = new Set([...references.keys(), ...hypotheses.keys()]);
  const regions = chooseRegions(names, references, hypotheses, options, channels);

  const warnings: Warning[] = [];
  // A list of entries, since a file may be called __proto__.
  const files: [string, RecordingScore][] = [];
  const counted: ErrorTimes[] = [];
  const jaccard: JaccardErrors[] = [];
  for (const name of [...regions.keys()].sort()) {
    const { der = [], jer, fallback } = regions.get(name) ?? {};
    const { turns, noScore } = references.get(name) ?? NOTHING;
    const ref = trackOf(turns, `reference ${name}`);
    const hyp = trackOf(hypotheses.get(name)?.turns ?? [], `hypothesis ${name}`);
    const pair = pairOf(ref, hyp);
    const { times, mapping } = errorTimes(pair, der, noScore, exclusion);
    const errors = jer && jaccardErrors(pair, unite(jer));
    if (errors !== undefined) jaccard.push(errors);
    if (turns.length > 0) counted.push(times);
    else if (times.falseAlarm > 0) warnings.push(noReference(name, times));
    if (fallback) warnings.push(notInUem(name));
    const pairs = [...mapping].flatMap((column, row) => (column < 0 ? [] : [[hyp.labels[column], ref.labels[row]]]));
    const score = scoreOf(times, errors === undefined ? null : jaccardErrorRate([errors]));
    files.push([name, { ...score, mapping: Object.fromEntries(pairs) }]);
  }
  return { files: Object.fromEntries(files), total: scoreOf(sum(counted), jaccardErrorRate(jaccard)), warnings };
}

const NOTHING = { turns: [], noScore: [] } as const;

function checkOptions({ collar = 0, extent = 'union' }: ScoreOptions): number {
  checkLength(collar, 'collar');
  if (extent !== 'union' && extent !== 'reference') {
    throw invalidOption(`extent is ${String(extent)}, expected union or reference`);
  }
  return collar;
}

type Recordings = Map<string, { turns: readonly Turn[]; noScore: readonly NoScoreZone[] }>;

function listOf(input: ScoreInput): readonly ScoredRecording[] {
  const list: readonly (ScoredRecording | Turn)[] = Array.isArray(input) ? input : [input as ScoredRecording];
  const bare = list.filter((item): item is Turn => !('turns' in item));
  const whole = list.filter((item): item is ScoredRecording => 'turns' in item);
  return bare.length > 0 ? [{ turns: bare }, ...whole] : whole;
}

/** Recordings by file id; recordings with the same id are joined. */
function recordingsOf(list: readonly ScoredRecording[], channels: Channels, side: string): Recordings {
  const result: Recordings = new Map();
  for (const { uri = 'audio', channel = '1', turns, noScore = [] } of list) {
    for (const [index, turn] of turns.entries()) checkSegment(turn, `${side} ${uri}: turns[${index}]`);
    const name = channels.nameOf({ uri, channel });
    const known = result.get(name) ?? NOTHING;
    result.set(name, { turns: [...known.turns, ...turns], noScore: [...known.noScore, ...noScore] });
  }
  return result;
}

/** Regions for each score, in microseconds. */
interface Regions {
  der?: readonly Segment[];
  jer?: readonly Segment[];
  /** Whether the recording is missing in the UEM. */
  fallback?: boolean;
}

function chooseRegions(
  names: ReadonlySet<string>,
  references: Recordings,
  hypotheses: Recordings,
  { uem, extent = 'union' }: ScoreOptions,
  channels: Channels,
): Map<string, Regions> {
  const result = new Map<string, Regions>();
  const ofReference = (name: string) => extentOf(references.get(name)?.turns, references.get(name)?.noScore);
  if (uem === undefined || uem instanceof Timeline) {
    for (const name of names) {
      if (extent === 'reference' && uem === undefined && !references.has(name)) continue;
      const regions =
        uem !== undefined
          ? inTicks(uem)
          : extent === 'reference'
            ? ofReference(name)
            : extentOf([...(references.get(name)?.turns ?? []), ...(hypotheses.get(name)?.turns ?? [])]);
      result.set(name, { der: regions, jer: regions });
    }
    return result;
  }
  for (const [entry, timeline] of channels.spread(uem, nistName)) {
    const ticks = inTicks(timeline);
    const stripped = channels.stripped(entry, nistName);
    // md-eval uses only the stripped name; dscore, on which JER is based, uses the unchanged name.
    const name = names.has(entry) || !names.has(stripped) ? entry : stripped;
    const ours = result.get(name) ?? {};
    result.set(name, ticks.length > 0 ? { ...ours, jer: [...(ours.jer ?? []), ...ticks] } : ours);
    if (names.has(stripped)) {
      const theirs = result.get(stripped) ?? {};
      result.set(stripped, { ...theirs, der: [...(theirs.der ?? []), ...ticks] });
    }
  }
  for (const name of references.keys()) {
    const known = result.get(name) ?? {};
    if (known.der === undefined) result.set(name, { ...known, der: ofReference(name), fallback: true });
  }
  return result;
}

/** A file name in a UEM as md-eval reads it: without directories and without its first extension. */
function nistName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).replace(/\.[^.]*/, '');
}

function extentOf(turns: readonly Turn[] = [], noScore: readonly NoScoreZone[] = []): Segment[] {
  const segments: Segment[] = [...turns, ...noScore.filter((zone) => zone.type === 'NON-LEX')];
  if (segments.length === 0) return [];
  let [start, end] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const segment of segments) {
    start = Math.min(start, segment.start);
    end = Math.max(end, segment.end);
  }
  return [{ start: toTicks(start), end: toTicks(end) }];
}

function inTicks(timeline: Timeline): Segment[] {
  return [...timeline.support()].map(({ start, end }) => ({ start: toTicks(start), end: toTicks(end) }));
}

function scoreOf(times: ErrorTimes, jer: number | null): Score {
  // md-eval's epsilon around zones leaves hundredths of microseconds.
  const [scored, miss, falseAlarm, confusion] = [times.scored, times.miss, times.falseAlarm, times.confusion].map(
    Math.round,
  ) as [number, number, number, number];
  return {
    der: scored > 0 ? (100 * (miss + falseAlarm + confusion)) / scored : null,
    miss: toSeconds(miss),
    falseAlarm: toSeconds(falseAlarm),
    confusion: toSeconds(confusion),
    scored: toSeconds(scored),
    jer,
  };
}

function sum(all: readonly ErrorTimes[]): ErrorTimes {
  const total = (part: keyof ErrorTimes) => all.reduce((ticks, times) => ticks + times[part], 0);
  return {
    scored: total('scored'),
    miss: total('miss'),
    falseAlarm: total('falseAlarm'),
    confusion: total('confusion'),
  };
}

function noReference(name: string, { falseAlarm }: ErrorTimes): Warning {
  const message = `${name}: the reference has no turns; its ${toSeconds(falseAlarm)} s of false alarm are not in the total`;
  return { code: 'format-questionable', message };
}

function notInUem(name: string): Warning {
  const message = `${name}: not in the UEM (md-eval removes the first extension of names there); scored over the extent of the reference`;
  return { code: 'format-questionable', message };
}
