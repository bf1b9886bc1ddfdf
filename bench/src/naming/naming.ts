import type { Diarizer, KnownVoice } from 'voiceflow-ml/core';
import * as pipeline from 'voiceflow-ml/stages';
import { seededRandom } from 'voiceflow-ml/testing';
import { type Person, type SpeechReader, secondsOf } from './speech.ts';

/** A person's enrolled voice, and the voice in another recording. */
export interface VoicePair {
  readonly known: KnownVoice;
  readonly test: pipeline.SpeakerVoice;
  /**
   * Both voices are from one recording. Such a person serves as an unenrolled speaker and as a member of books, but not
   * to test for the own name.
   */
  readonly once: boolean;
}

/** Limits in seconds of speech: for enrolling a voice, and for the other recording. */
interface Lengths {
  readonly enroll: number;
  readonly hear: number;
  /** Most people. */
  readonly people: number;
}

/** Shortest single recording that is divided into halves, in seconds. */
const LEAST_ONCE = 10;

/** Enrolls each person from some recordings and computes the voice in others. Skips people with too little speech. */
export async function collectVoices(
  diarizer: Diarizer,
  people: readonly Person[],
  reader: SpeechReader,
  { enroll, hear: most, people: wanted }: Lengths,
): Promise<VoicePair[]> {
  const result: VoicePair[] = [];
  for (const { name, recordings } of people) {
    if (result.length >= wanted) break;
    const once = recordings.length < 2;
    if (once && secondsOf(recordings) < LEAST_ONCE) continue;
    // For a person with a single recording: its halves.
    const rest = once ? recordings.flatMap(halves) : [...recordings];
    const first = take(rest, enroll, 1);
    const other = take(rest, most, 0);
    if (other.length === 0 || secondsOf(first) < 2) continue;
    const [embedding] = await diarizer.embed(await reader.read(first)).catch(() => []);
    const { speakers } = await diarizer.diarize(await reader.read(other), { numSpeakers: 1 });
    const [speaker] = [...speakers].sort((a, b) => b.seconds - a.seconds);
    if (embedding === undefined || speaker === undefined) continue;
    const known = { name, embedding, space: diarizer.manifest.space, seconds: secondsOf(first) };
    result.push({ known, test: { embedding: speaker.embedding, seconds: speaker.seconds }, once });
  }
  return result;
}

function halves(pieces: Person['recordings'][number]): Person['recordings'][number][] {
  let left = secondsOf([pieces]) / 2;
  const parts: Person['recordings'][number][number][][] = [[], []];
  for (const piece of pieces) {
    const cut = piece.start + Math.min(Math.max(left, 0), piece.end - piece.start);
    left -= piece.end - piece.start;
    if (cut > piece.start) parts[0]?.push({ ...piece, end: cut });
    if (cut < piece.end) parts[1]?.push({ ...piece, start: cut });
  }
  return parts;
}

/** Takes recordings until they have enough seconds, but leaves at least `left`. */
function take<T extends Person['recordings'][number]>(from: T[], seconds: number, left: number): T[] {
  const taken: T[] = [];
  while (from.length > left && secondsOf(taken) < seconds) taken.push(from.shift() as T);
  return taken;
}

/** Rates in percent of the draws. */
export interface NamingRates {
  readonly book: number;
  /** Unenrolled speakers that were given a name. */
  readonly falseNames: number;
  /** Known people that were given their own name, or a wrong one. Absent when nobody has two recordings. */
  readonly right: number | undefined;
  readonly wrong: number | undefined;
}

/** The model's embedding space and its naming rules. */
interface NamingContext {
  readonly space: string;
  readonly settings: Pick<pipeline.SolveSettings, 'voices' | 'known'>;
}

/** Draws random books and tests each with a member and with an unenrolled speaker. */
export function drawRates(
  all: readonly VoicePair[],
  { book, falseNames, draws, seed }: { book: number; falseNames: number; draws: number; seed: number },
  { space, settings }: NamingContext,
): NamingRates {
  const counts = { falseNames: 0, right: 0, wrong: 0, tested: 0 };
  const options = { space, voices: settings.voices, rules: settings.known, falseNames };
  for (const { members, unenrolled } of books(all, book, draws, seed)) {
    const known = members.map((member) => member.known);
    const nameOf = (person: VoicePair) => pipeline.nameVoices([person.test], known, options)[0]?.name;
    if (nameOf(unenrolled) !== undefined) counts.falseNames++;
    const first = members.find(({ once }) => !once);
    if (first === undefined) continue;
    counts.tested++;
    const name = nameOf(first);
    if (name === first.known.name) counts.right++;
    else if (name !== undefined) counts.wrong++;
  }
  const tested = counts.tested > 0;
  return {
    book,
    falseNames: (100 * counts.falseNames) / draws,
    right: tested ? (100 * counts.right) / counts.tested : undefined,
    wrong: tested ? (100 * counts.wrong) / counts.tested : undefined,
  };
}

function* books(all: readonly VoicePair[], size: number, draws: number, seed: number) {
  const random = seededRandom(seed);
  for (let draw = 0; draw < draws; draw++) {
    const [unenrolled, ...members] = shuffled(all, random).slice(0, size + 1);
    if (unenrolled) yield { unenrolled, members };
  }
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/**
 * Fits the naming rules of a model. `nuisance` is the span of the sets' means: each set has one kind of recording and
 * many people, so its mean is not a person's voice. `at` and `width` come from the scores that the best match of an
 * unenrolled speaker among 1 and among 20 voices exceeds once in fifty (the largest over the sets).
 */
export function fitRules(
  sets: readonly (readonly VoicePair[])[],
  context: NamingContext,
  seed: number,
): Required<Pick<pipeline.NamingRules, 'at' | 'width'>> & { readonly nuisance: Float32Array } {
  const { voices, known } = context.settings;
  const nuisance = spanOfMeans(sets, voices);
  const rules = known.evidence ? { ...known, evidence: { ...known.evidence, nuisance } } : known;
  const least = (book: number) =>
    Math.max(
      ...sets.map((set) => {
        const best = [...books(set, book, DRAWN, seed)].map(({ unenrolled, members }) => {
          const score = pipeline.voiceScores(
            unenrolled.test,
            members.map((member) => member.known),
            { voices, rules },
          );
          return Math.max(...score);
        });
        return best.sort((a, b) => b - a)[Math.floor(0.02 * best.length)]!;
      }),
    );
  const [one, twenty] = [least(1), least(20)];
  return { at: one, width: (twenty - one) / Math.log(20), nuisance };
}

/** Number of draws for fitting a threshold. */
const DRAWN = 4000;

/** An orthonormal basis `[sets, to]` of the span of the sets' means (Gram–Schmidt). */
function spanOfMeans(sets: readonly (readonly VoicePair[])[], voices: pipeline.VoiceSpace): Float32Array {
  const { to } = voices;
  const rows: Float64Array[] = [];
  const voice = new Float32Array(to);
  for (const set of sets) {
    const mean = new Float64Array(to);
    for (const { known } of set) {
      const length = Math.hypot(...known.embedding);
      pipeline.project(
        voices,
        known.embedding.map((x, i) => x / length + voices.mean[i]!),
        voice,
      );
      voice.forEach((x, i) => {
        mean[i]! += x / set.length;
      });
    }
    for (const row of rows) {
      const along = row.reduce((sum, x, i) => sum + x * mean[i]!, 0);
      row.forEach((x, i) => {
        mean[i]! -= along * x;
      });
    }
    const length = Math.hypot(...mean);
    if (length > 1e-6) rows.push(mean.map((x) => x / length));
  }
  return Float32Array.from(rows.flatMap((row) => [...row]));
}
