import { compareTurns, type Turn } from '../annotation/segment.ts';
import { dot, normalise } from '../cluster/vectors.ts';
import type { Speaker } from '../diarization.ts';
import type { KnownVoice } from '../options.ts';
import { matchVoices } from '../voice-match.ts';
import type { Warning } from '../warnings.ts';
import type { LiveSpeakers } from './speakers.ts';
import { labelOf } from './speakers.ts';
import type { TurnLog } from './turn-log.ts';
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
  const told = (speaker: number) => speakers.now(speaker);
  const voices = rules.recluster ? memory.recluster(rules.most, speakers.all.length) : undefined;
  const turns = log.turns.map(({ start, end, speaker, confidence, stretch }) => ({
    start,
    end,
    confidence,
    who: (stretch && voices?.get(stretch)) ?? told(speaker),
  }));
  const own = rules.recluster ? afterMajority(turns, log, speakers) : new Map<number, number>();
  const labels: Record<string, string> = {};
  const present = [...new Set([...turns].sort((a, b) => a.start - b.start || a.end - b.end).map(({ who }) => who))];
  const embeddings = present.map((who) => {
    const { sum } = memory.embedding((stretch) => (voices?.get(stretch) ?? told(stretch.speaker)) === who, rules.mean);
    return dot(sum, sum) > 0 ? normalise(sum) : sum;
  });
  const names = present.map((who) => (who < speakers.all.length ? speakers.at(who).name : undefined));
  if (rules.recluster && rules.known.length > 0) {
    const usable = embeddings.map((embedding) => dot(embedding, embedding) > 0);
    const matches = matchVoices(
      embeddings.filter((_, i) => usable[i]),
      rules.known,
      rules,
    );
    let at = 0;
    present.forEach((_, i) => {
      names[i] = usable[i] ? matches[at++]?.name : undefined;
    });
  }
  speakers.all.forEach(({ label }, speaker) => {
    labels[label] = labelOf(own.get(speaker) ?? told(speaker));
  });
  const joined = join(turns.map(({ who, ...turn }) => ({ ...turn, speaker: labelOf(who) })));
  return {
    turns: joined,
    speakers: present.map((who, i): Speaker => {
      const label = labelOf(who);
      const seconds = joined.reduce((sum, turn) => sum + (turn.speaker === label ? turn.end - turn.start : 0), 0);
      const name = names[i];
      return { label, seconds, embedding: embeddings[i] as Float32Array, ...(name === undefined ? {} : { name }) };
    }),
    labels,
    warnings: warningsOf(joined, log),
  };
}

/** For each told speaker the one that got most of its speech. */
function afterMajority(
  turns: readonly { start: number; end: number; who: number }[],
  log: TurnLog,
  speakers: LiveSpeakers,
): Map<number, number> {
  const shares = new Map<number, Map<number, number>>();
  log.turns.forEach(({ speaker, start, end }, i) => {
    const share = shares.get(speakers.now(speaker)) ?? new Map<number, number>();
    const who = (turns[i] as { who: number }).who;
    share.set(who, (share.get(who) ?? 0) + end - start);
    shares.set(speakers.now(speaker), share);
  });
  const result = new Map<number, number>();
  speakers.all.forEach((_, speaker) => {
    const share = shares.get(speakers.now(speaker));
    const best = share && [...share].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0];
    if (best) result.set(speaker, best[0]);
  });
  return result;
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
