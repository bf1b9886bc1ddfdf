import { compareTurns, type Turn } from '../annotation/segment.ts';
import { dot, normalise } from '../cluster/vectors.ts';
import type { Speaker } from '../diarization.ts';
import type { KnownVoice } from '../options.ts';
import { matchVoices } from '../voice-match.ts';
import type { Warning } from '../warnings.ts';
import { type LiveSpeakers, labelOf } from './speakers.ts';
import type { Stretch } from './stretch.ts';
import type { LoggedTurn, TurnLog } from './turn-log.ts';
import type { VoiceMemory } from './voice-memory.ts';

export interface LiveResultParts {
  readonly turns: readonly Turn[];
  readonly speakers: readonly Speaker[];
  readonly labels: Readonly<Record<string, string>>;
  readonly warnings: readonly Warning[];
}

interface Remembered {
  readonly memory: VoiceMemory;
  readonly speakers: LiveSpeakers;
  readonly log: TurnLog;
}

export interface ResultRules {
  readonly recluster: boolean;
  readonly most: number | undefined;
  /** `[from]`: the mean of all voices. */
  readonly mean: Float32Array;
  readonly known: readonly KnownVoice[];
  readonly space: string;
  readonly threshold: number;
}

/** What a session comes to. */
export function resultOf({ memory, speakers, log }: Remembered, rules: ResultRules): LiveResultParts {
  const voices = rules.recluster ? memory.recluster(rules.most, speakers.all.length) : new Map<Stretch, number>();
  const became = majorities(voices);
  const now = (speaker: number) => {
    const told = speakers.now(speaker);
    return became.get(told) ?? told;
  };
  const who = ({ stretch, speaker }: LoggedTurn) => (stretch && voices.get(stretch)) ?? now(speaker);
  const turns = join(log.turns.map((turn) => ({ ...turnOf(turn), speaker: labelOf(who(turn)) })));
  const seconds = new Map<string, number>();
  for (const { speaker, start, end } of turns) seconds.set(speaker, (seconds.get(speaker) ?? 0) + end - start);
  const numbers = new Map(log.turns.map((turn) => [labelOf(who(turn)), who(turn)]));
  const found = [...seconds].map(([label, spoken]): Speaker => {
    const number = numbers.get(label) as number;
    const isOwn = (stretch: Stretch) => (voices.get(stretch) ?? now(stretch.speaker)) === number;
    const own = memory.embedding(isOwn, rules.mean);
    // All of its speech may be remembered as others': then its turns tell where.
    const lent = new Set(log.turns.filter((turn) => who(turn) === number).map(({ stretch }) => stretch));
    const { sum } = own.seconds > 0 ? own : memory.embedding((stretch) => lent.has(stretch), rules.mean);
    return { label, seconds: spoken, embedding: dot(sum, sum) > 0 ? normalise(sum) : sum };
  });
  return {
    turns,
    speakers: withNames(found, (label) => speakers.all[numbers.get(label) as number]?.name, rules),
    labels: Object.fromEntries(speakers.all.map(({ label }, speaker) => [label, labelOf(now(speaker))])),
    warnings: warningsOf(turns, log),
  };
}

function turnOf({ start, end, confidence }: LoggedTurn): Omit<Turn, 'speaker'> {
  return { start, end, confidence };
}

/** Names that were told, or after another clustering the known voices' anew. */
function withNames(
  speakers: readonly Speaker[],
  told: (label: string) => string | undefined,
  { recluster, known, space, threshold }: ResultRules,
): Speaker[] {
  const heard = speakers.filter(({ embedding }) => dot(embedding, embedding) > 0);
  const matches = recluster
    ? matchVoices(
        heard.map(({ embedding }) => embedding),
        known,
        { space, threshold },
      )
    : [];
  return speakers.map((speaker) => {
    const name = recluster ? matches[heard.indexOf(speaker)]?.name : told(speaker.label);
    return { ...speaker, ...(name === undefined ? {} : { name }) };
  });
}

/** For each told speaker the one that got most of its speech. */
function majorities(voices: ReadonlyMap<Stretch, number>): Map<number, number> {
  const shares = new Map<number, Map<number, number>>();
  for (const [{ speaker, seconds }, voice] of voices) {
    const share = shares.get(speaker) ?? new Map<number, number>();
    shares.set(speaker, share.set(voice, (share.get(voice) ?? 0) + seconds));
  }
  const most = (share: ReadonlyMap<number, number>) =>
    [...share].reduce((best, next) => (next[1] > best[1] || (next[1] === best[1] && next[0] < best[0]) ? next : best));
  return new Map([...shares].map(([speaker, share]) => [speaker, most(share)[0]]));
}

/** Turns in order of time; those of one speaker that touch or overlap, since they were told to be two, become one. */
function join(turns: Turn[]): Turn[] {
  const open = new Map<string, number>();
  const joined: Turn[] = [];
  for (const turn of turns.sort(compareTurns)) {
    const at = open.get(turn.speaker);
    const before = at === undefined ? undefined : joined[at];
    if (at !== undefined && before && turn.start <= before.end) {
      joined[at] = { ...before, end: Math.max(before.end, turn.end) };
    } else {
      open.set(turn.speaker, joined.push(turn) - 1);
    }
  }
  return joined;
}

function warningsOf(turns: readonly Turn[], log: TurnLog): Warning[] {
  const warnings: Warning[] = [];
  if (turns.length === 0) warnings.push({ code: 'audio-silent', message: 'no speech was found' });
  if (log.forgotten > 0) {
    const message = `the first ${log.forgotten} turns were forgotten: a session keeps its latest turns only`;
    warnings.push({ code: 'turns-forgotten', message });
  }
  return warnings;
}
