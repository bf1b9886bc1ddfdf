/**
 * Makes the demo's conversation: examples/audio/conversation.{wav,rttm,words.json}.
 *
 *   apt-get install flite      # Debian's version 2.2; all voices come from it
 *   npx tsx scripts/make-conversation.ts [FOLDER]
 *
 * The same version of flite gives the same bytes. The dialogue is in conversation/dialogue.ts, the room in
 * conversation/room.ts.
 *
 * The speech times of the RTTM are measured on each dry line, before the room is added: 10 ms frames within 40 dB of
 * the line's loudest frame are speech; a pause of more than 0.3 s ends a turn; a turn covers exactly its frames, with
 * no margin. The room's echoes after the last frame are not speech. The times of words are flite's own phone times.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toRttm } from '../packages/sdk/src/annotation/rttm.ts';
import { encodeWav } from '../packages/sdk/src/audio/encode-wav.ts';
import { DIALOGUE, type Voice } from './conversation/dialogue.ts';
import { addThrough, at, impulseResponse, type Point, pinkNoise, type Room } from './conversation/room.ts';

const RATE = 16_000;
const FRAME = RATE / 100;
/** A frame that is more than this below the line's loudest frame is not speech. */
const SPEECH_RANGE_DB = 40;
/** In seconds, as in the corpora that the network is evaluated on. */
const LONGEST_PAUSE = 0.3;
const SPEECH_LEVEL_DB = -26;
const NOISE_LEVEL_DB = -58;
const LEAD_OUT = 1.2;

/** A living room. The microphone lies on a table, slightly off the middle. */
const ROOM: Room = { size: [5.2, 4.1, 2.6], microphone: [2.5, 2.2, 0.8], reflection: 0.68, seconds: 0.28 };

/**
 * Each speaker's seat in meters, flite's duration_stretch (larger is slower), and gain relative to the others in dB.
 */
const SEATS: Readonly<Record<Voice, { at: Point; stretch: number; gainDb: number }>> = {
  slt: { at: [1.6, 1.5, 1.2], stretch: 0.95, gainDb: 0 },
  rms: { at: [3.5, 1.6, 1.25], stretch: 0.95, gainDb: 1 },
  awb: { at: [3.4, 3.0, 1.2], stretch: 1, gainDb: 0 },
  kal16: { at: [1.7, 3.1, 1.15], stretch: 1, gainDb: -1 },
};

interface Spoken {
  readonly samples: Float64Array;
  readonly words: readonly { text: string; start: number; end: number }[];
}

function speak(voice: Voice, text: string, folder: string): Spoken {
  const file = join(folder, 'line.wav');
  const setting = `duration_stretch=${SEATS[voice].stretch}`;
  const phones = (said: string, to: string) =>
    execFileSync('flite', ['-voice', voice, '--setf', setting, '-psdur', '-t', said, '-o', to], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
      .map((item) => {
        const [name = '', end = ''] = item.split(':');
        return { name, end: Number(end) };
      });
  const spoken = phones(text, file);
  const alone = (word: string) => {
    const key = `${voice} ${word}`;
    const count = phoneCounts.get(key) ?? phones(word, 'none').filter(({ name }) => name !== 'pau').length;
    phoneCounts.set(key, count);
    return count;
  };
  return { samples: readWav(file), words: alignWords(text, spoken, alone) };
}

const phoneCounts = new Map<string, number>();

interface Phone {
  readonly name: string;
  readonly end: number;
}

/** flite reports times for phones only. Each word gets as many phones as it has when flite speaks it alone. */
function alignWords(text: string, phones: readonly Phone[], countPhones: (word: string) => number) {
  const timed = phones
    .map((phone, i) => ({ ...phone, start: phones[i - 1]?.end ?? 0 }))
    .filter((phone) => phone.name !== 'pau');
  let next = 0;
  const words = text.split(' ').map((word) => {
    const count = countPhones(word.replace(/[^\w']/g, ''));
    const own = timed.slice(next, next + count);
    next += count;
    return { text: word, start: own[0]?.start ?? Number.NaN, end: own[own.length - 1]?.end ?? Number.NaN };
  });
  if (next !== timed.length) throw new Error(`${text}: ${next} phones word by word, ${timed.length} in the sentence`);
  return words;
}

/** flite writes canonical 44-byte headers. */
function readWav(file: string): Float64Array {
  const bytes = readFileSync(file);
  if (bytes.readUInt32LE(24) !== RATE) throw new Error(`${file}: ${bytes.readUInt32LE(24)} Hz, expected ${RATE}`);
  const samples = new Float64Array((bytes.length - 44) >> 1);
  for (let i = 0; i < samples.length; i++) samples[i] = bytes.readInt16LE(44 + 2 * i) / 32768;
  return samples;
}

/** The ranges of speech in a dry line, in samples, by the rule at the top of this file. */
function speechExtents(samples: Float64Array): { start: number; end: number }[] {
  const frames = Math.floor(samples.length / FRAME);
  const energy = Float64Array.from({ length: frames }, (_, f) => {
    let sum = 0;
    for (let i = f * FRAME; i < (f + 1) * FRAME; i++) sum += at(samples, i) ** 2;
    return sum;
  });
  const floor = Math.max(...energy) * 10 ** (-SPEECH_RANGE_DB / 10);
  const extents: { start: number; end: number }[] = [];
  for (let f = 0; f < frames; f++) {
    if (at(energy, f) < floor) continue;
    const last = extents[extents.length - 1];
    const start = f * FRAME;
    if (last && start - last.end <= LONGEST_PAUSE * RATE) last.end = start + FRAME;
    else extents.push({ start, end: start + FRAME });
  }
  return extents;
}

/** The gain that brings the speech of a line to the level `db`. */
function levelGain(samples: Float64Array, extents: readonly { start: number; end: number }[], db: number): number {
  let [sum, count] = [0, 0];
  for (const { start, end } of extents) {
    for (let i = start; i < end; i++) sum += at(samples, i) ** 2;
    count += end - start;
  }
  return 10 ** (db / 20) / Math.sqrt(sum / count);
}

function place(lines: readonly Spoken[]) {
  let previousEnd = 0;
  return lines.map((spoken, i) => {
    const line = DIALOGUE[i];
    const extents = speechExtents(spoken.samples);
    const [first, last] = [extents[0], extents[extents.length - 1]];
    if (!line || !first || !last) throw new Error(`line ${i} is silent`);
    const offset = previousEnd + Math.round(line.gap * RATE) - first.start;
    if (!line.beside) previousEnd = offset + last.end;
    return { ...spoken, line, extents, offset, end: offset + last.end };
  });
}

function main(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'conversation-'));
  try {
    const placed = place(DIALOGUE.map(({ voice, text }) => speak(voice, text, scratch)));
    const length = Math.max(...placed.map(({ end }) => end)) + Math.round(LEAD_OUT * RATE);
    const noiseGain = 10 ** (NOISE_LEVEL_DB / 20);
    const mix = pinkNoise(length, 2026).map((value) => value * noiseGain);
    const rows: { start: number; end: number; speaker: Voice }[] = [];
    const words: { text: string; start: number; end: number; speaker: Voice }[] = [];
    const responses = new Map(
      Object.entries(SEATS).map(([voice, seat], i) => [voice, impulseResponse(ROOM, seat.at, RATE, 7 + i)]),
    );
    for (const { line, samples, extents, offset, words: said } of placed) {
      const response = responses.get(line.voice);
      if (!response) throw new Error(`no seat for ${line.voice}`);
      const gain = levelGain(samples, extents, SPEECH_LEVEL_DB + SEATS[line.voice].gainDb);
      addThrough(response.response, samples, mix, offset, gain);
      const shift = offset + response.directAt;
      for (const { start, end } of extents) {
        rows.push({ start: (shift + start) / RATE, end: (shift + end) / RATE, speaker: line.voice });
      }
      for (const { text, start, end } of said) {
        const from = shift / RATE;
        words.push({ text, start: round(from + start), end: round(from + end), speaker: line.voice });
      }
    }
    rows.sort((a, b) => a.start - b.start);
    words.sort((a, b) => a.start - b.start);
    writeFileSync(join(folder, 'conversation.wav'), wav(mix));
    writeFileSync(join(folder, 'conversation.rttm'), toRttm(rows, 'conversation'));
    writeFileSync(
      join(folder, 'conversation.words.json'),
      `[\n${words.map((w) => `  ${JSON.stringify(w)}`).join(',\n')}\n]\n`,
    );
    report(rows, length / RATE, mix);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}

function wav(samples: Float64Array): Uint8Array {
  // Rounded before they are stored in single precision: each sample is then exact.
  return encodeWav(
    Float32Array.from(samples, (sample) => Math.round(sample * 32768) / 32768),
    RATE,
  );
}

function report(rows: readonly { start: number; end: number }[], seconds: number, mix: Float64Array): void {
  const speech = rows.reduce((sum, { start, end }) => sum + end - start, 0);
  let [spoken, overlapped] = [0, 0];
  for (let t = 0.005; t < seconds; t += 0.01) {
    const active = rows.filter(({ start, end }) => t >= start && t < end).length;
    if (active > 0) spoken += 0.01;
    if (active > 1) overlapped += 0.01;
  }
  const peak = mix.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  console.log(
    `${seconds.toFixed(1)} s, ${rows.length} turns, ${speech.toFixed(1)} s of speech, ` +
      `${overlapped.toFixed(1)} of ${spoken.toFixed(1)} s overlapped, peak ${(20 * Math.log10(peak)).toFixed(1)} dB`,
  );
}

main(process.argv[2] ?? fileURLToPath(new URL('../examples/audio', import.meta.url)));
