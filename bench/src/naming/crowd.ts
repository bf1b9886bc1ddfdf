import type { Turn } from 'voiceflow-ml/core';
import { seededRandom } from 'voiceflow-ml/testing';
import { joined, type Person, type Piece, SHORTEST, type SpeechReader, secondsOf } from './speech.ts';

/** Longest turn, in seconds. */
const LONGEST_TURN = 4;
/** Pauses between turns, in seconds. */
const PAUSES = [0.1, 0.6] as const;
/** Root mean square of every turn, and noise of the pauses. */
const LEVEL = 0.06;
const FLOOR = 3e-4;

/** A conversation of people who all speak equally long, one at a time. */
interface Crowd {
  readonly samples: Float32Array;
  readonly sampleRate: number;
  readonly turns: readonly Turn[];
}

/**
 * People of one corpus, so many at a time. Those with too little speech, and the rest that fills no group, are left out.
 */
export function groupsOf(people: readonly Person[], size: number, seconds: number): Person[][] {
  const corpora = new Map<string | undefined, Person[]>();
  for (const person of people) {
    if (secondsOf(person.recordings) < seconds) continue;
    corpora.set(person.corpus, [...(corpora.get(person.corpus) ?? []), person]);
  }
  return [...corpora.values()].flatMap((all) =>
    Array.from({ length: Math.floor(all.length / size) }, (_, i) => all.slice(i * size, (i + 1) * size)),
  );
}

/** Lets each person speak for `seconds`, in turns of up to four seconds in random order, all equally loud. */
export async function crowdOf(
  group: readonly Person[],
  seconds: number,
  reader: SpeechReader,
  seed: number,
): Promise<Crowd> {
  const random = seededRandom(seed);
  const turns = group
    .flatMap((person) => turnsOf(person, seconds).map((piece) => ({ piece, speaker: person.name, order: random() })))
    .sort((a, b) => a.order - b.order);
  const parts: Float32Array[] = [];
  const reference: Turn[] = [];
  let [samples, sampleRate] = [0, 1];
  const add = (part: Float32Array) => {
    parts.push(part);
    samples += part.length;
  };
  for (const { piece, speaker } of turns) {
    const speech = await reader.read([[piece]]);
    sampleRate = speech.sampleRate;
    const start = samples / sampleRate;
    add(leveled(speech.samples));
    reference.push({ start, end: samples / sampleRate, speaker });
    const pause = PAUSES[0] + (PAUSES[1] - PAUSES[0]) * random();
    add(Float32Array.from({ length: Math.round(pause * sampleRate) }, () => FLOOR * (2 * random() - 1)));
  }
  return { samples: joined(parts), sampleRate, turns: reference };
}

/** The first `seconds` of a person's speech, in turns. */
function turnsOf({ recordings }: Person, seconds: number): Piece[] {
  const turns: Piece[] = [];
  let left = seconds;
  for (const { file, start, end } of recordings.flat()) {
    for (let from = start; end - from >= SHORTEST && left >= SHORTEST; ) {
      const length = Math.min(end - from, LONGEST_TURN, left);
      turns.push({ file, start: from, end: from + length });
      from += length;
      left -= length;
    }
  }
  return turns;
}

function leveled(samples: Float32Array): Float32Array {
  const power = samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
  return samples.map((x) => (x * LEVEL) / Math.sqrt(power + 1e-12));
}
