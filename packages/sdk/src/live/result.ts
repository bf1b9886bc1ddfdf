import { DiarizationResult } from '../annotation/diarization.ts';
import { joinTurns } from '../annotation/exclusive.ts';
import type { LiveDiarization } from '../contract/live.ts';
import type { Diarization, DiarizationParts, Speaker } from '../contract/result.ts';
import type { Turn } from '../contract/segment.ts';
import type { Warning } from '../contract/warnings.ts';
import { assignment } from '../stages/hungarian.ts';
import { dot, normalize } from '../stages/vectors.ts';
import { speakerLabel } from '../voices/naming.ts';
import type { LiveSpeakers } from './speakers.ts';
import type { TurnLog } from './turn-events.ts';
import type { VoiceMemory } from './voice-memory.ts';

export interface LiveResultParts {
  readonly turns: readonly Turn[];
  readonly speakers: readonly Speaker[];
  readonly labels: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
}

/** Turns and speakers found by re-clustering a session. */
export interface ReclusteredTurns extends Pick<Diarization, 'turns' | 'speakers'> {
  /** Keep emitted names where this has none, because known voices were not matched again. */
  readonly keepNames?: boolean;
}

/** What a session has emitted so far. */
export interface Emitted {
  readonly memory: VoiceMemory;
  readonly speakers: LiveSpeakers;
  readonly log: TurnLog;
  /** `[from]`: mean of all embeddings. */
  readonly mean: Float32Array;
}

/** A diarization with a map from live labels to its labels. */
export class LiveResult extends DiarizationResult implements LiveDiarization {
  readonly labels: Readonly<Record<string, string>>;

  constructor(parts: DiarizationParts, labels: Readonly<Record<string, string>>) {
    super(parts);
    this.labels = labels;
  }
}

/** The result of a session, as it was emitted live. */
export function emittedResult(emitted: Emitted): LiveResultParts {
  const { speakers, log } = emitted;
  // Turns of one speaker overlap when two speakers were merged.
  const turns = joinTurns(log.turns.map((turn) => turnOf(turn, speakers.now(turn.speaker))));
  const labels = speakers.all.map(({ label }, speaker) => [label, speakerLabel(speakers.now(speaker))]);
  return {
    turns,
    speakers: speakersOf(turns, (label) => emittedSpeaker(label, emitted)),
    labels: Object.fromEntries(labels),
    warnings: warningsOf(turns, log),
  };
}

/**
 * The result of a session that was clustered again. Speakers get the live labels with which they share most speech, one
 * to one; speakers that were not found live get new labels.
 * @param reclustered Turns in seconds since `start`; before `start`, the live turns are kept.
 */
export function reclusteredResult(emitted: Emitted, reclustered: ReclusteredTurns, start: number): LiveResultParts {
  const { speakers, log } = emitted;
  const index = new Map(reclustered.speakers.map(({ label }, i) => [label, i]));
  const found = reclustered.turns.map(({ speaker, ...turn }) => {
    return { ...turn, start: turn.start + start, end: turn.end + start, speaker: index.get(speaker) as number };
  });
  const logged = log.turns.map((turn) => ({ ...turn, speaker: speakers.now(turn.speaker) }));
  const { numbers, became } = matched(sharedSeconds(logged, found), reclustered.speakers.length, speakers);
  const turns = joinTurns([
    ...logged
      .filter((turn) => turn.start < start)
      .map((turn) => turnOf({ ...turn, end: Math.min(turn.end, start) }, became(turn.speaker))),
    ...found.map((turn) => turnOf(turn, numbers[turn.speaker]!)),
  ]);
  const reclusteredSpeakers = new Map(
    reclustered.speakers.map((speaker, i) => {
      const name = speaker.name ?? (reclustered.keepNames ? speakers.all[numbers[i]!]?.name : undefined);
      return [speakerLabel(numbers[i]!), { ...speaker, ...(name === undefined ? {} : { name }) }];
    }),
  );
  const labels = speakers.all.map(({ label }, speaker) => [label, speakerLabel(became(speakers.now(speaker)))]);
  return {
    turns,
    speakers: speakersOf(turns, (label) => reclusteredSpeakers.get(label) ?? emittedSpeaker(label, emitted)),
    labels: Object.fromEntries(labels),
    warnings: warningsOf(turns, log),
  };
}

type NumberedTurn = Omit<Turn, 'speaker'> & { readonly speaker: number };
/** Seconds of speech that live speakers (first key) share with speakers of the re-clustered result (second key). */
type Shares = ReadonlyMap<number, ReadonlyMap<number, number>>;

function sharedSeconds(live: readonly NumberedTurn[], found: readonly NumberedTurn[]): Shares {
  const shares = new Map<number, Map<number, number>>();
  let first = 0;
  for (const turn of [...live].sort((a, b) => a.start - b.start)) {
    while (first < found.length && found[first]!.end <= turn.start) first++;
    for (let at = first; at < found.length; at++) {
      const other = found[at]!;
      if (other.start >= turn.end) break;
      const common = Math.min(turn.end, other.end) - Math.max(turn.start, other.start);
      if (common <= 0) continue;
      const share = shares.get(turn.speaker) ?? new Map<number, number>();
      shares.set(turn.speaker, share.set(other.speaker, (share.get(other.speaker) ?? 0) + common));
    }
  }
  return shares;
}

/** Matches speakers: the number of each re-clustered speaker, and the number that each live speaker becomes. */
function matched(shares: Shares, count: number, speakers: LiveSpeakers) {
  const live = speakers.active;
  const cost = Float64Array.from({ length: count * live.length }, (_, at) => {
    return shares.get(live[at % live.length]!)?.get(Math.floor(at / live.length)) ?? 0;
  });
  const pairs = assignment(cost, count, live.length, { maximize: true });
  let nextNumber = speakers.all.length;
  const numbers = Array.from(pairs, (column, i) =>
    column >= 0 && cost[i * live.length + column]! > 0 ? live[column]! : nextNumber++,
  );
  /** The speaker with most of its speech, or itself if all of its speech turned out to be silence. */
  const became = (speaker: number) => {
    const [best] = [...(shares.get(speaker) ?? [])].sort(([i, a], [j, b]) => b - a || i - j);
    return best ? numbers[best[0]]! : speaker;
  };
  return { numbers, became };
}

function turnOf({ start, end, confidence }: Omit<Turn, 'speaker'>, speaker: number): Turn {
  return { start, end, speaker: speakerLabel(speaker), ...(confidence === undefined ? {} : { confidence }) };
}

/** The speakers of the turns, in order of appearance, with their speaking time. */
function speakersOf(turns: readonly Turn[], of: (label: string) => Omit<Speaker, 'label' | 'seconds'>): Speaker[] {
  const seconds = new Map<string, number>();
  for (const { speaker, start, end } of turns) seconds.set(speaker, (seconds.get(speaker) ?? 0) + end - start);
  return [...seconds].map(([label, spoken]) => ({ ...of(label), label, seconds: spoken }));
}

/** Embedding and name of a live speaker. */
function emittedSpeaker(label: string, { memory, speakers, mean }: Emitted): Omit<Speaker, 'label' | 'seconds'> {
  const number = speakers.all.findIndex((speaker) => speaker.label === label);
  const { sum } = memory.embedding((stretch) => stretch.speaker === number, mean);
  const { name } = speakers.at(number);
  return { embedding: dot(sum, sum) > 0 ? normalize(sum) : sum, ...(name === undefined ? {} : { name }) };
}

function warningsOf(turns: readonly Turn[], log: TurnLog): Warning[] {
  const warnings: Warning[] = [];
  if (turns.length === 0) warnings.push({ code: 'audio-silent', message: 'no speech was found' });
  if (log.forgotten > 0) {
    const message = `the first ${log.forgotten} turns were dropped: a session keeps only its latest turns`;
    warnings.push({ code: 'turns-forgotten', message });
  }
  return warnings;
}
