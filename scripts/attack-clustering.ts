/** The CPU of clustering for 1 and 4 hours, of every pipeline, on made-up recordings: what their networks would say. */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import {
  assignVoices,
  byPieces,
  clusterJoined,
  fastCnnSettings,
  findVoices,
  finish,
  HeardRecording,
  joinedSettings,
  pyannoteSettings,
  solve,
  type VoicedPiece,
  xVectorSpace,
} from 'voiceflow-ml/stages';
import { seededRandom } from 'voiceflow-ml/testing';
import { madeUpRecording, plainSpace } from '../bench/src/clustering.ts';
import { gaussian } from '../bench/src/stats/random.ts';

const manifestOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../models/${name}/manifest.json`, import.meta.url), 'utf8'));

/** Frames of a window of segmentation-3.0 and of its grid, and local speakers. */
const SHAPE = { frames: 589, slots: 3, frame: 270 / 16_000, offset: 495 / 16_000 };

interface Script {
  readonly hours: number;
  readonly voices: number;
  /** Seconds of a turn. */
  readonly turn: number;
}

interface Said {
  readonly start: number;
  readonly end: number;
  readonly voice: number;
}

/** Turns, in frames of the recording's grid. */
function turnsOf({ hours, voices, turn }: Script, random: () => number): Said[] {
  const turns: Said[] = [];
  const end = (hours * 3600) / SHAPE.frame;
  for (let at = 0; at < end; ) {
    const next = Math.min(end, at + Math.round((turn * (0.7 + 0.6 * random())) / SHAPE.frame));
    turns.push({ start: at, end: next, voice: Math.floor(random() * voices) });
    at = next + (random() < 0.3 ? 30 : 0);
  }
  return turns;
}

/** Who speaks in a window: the first three voices of it, each in a slot. */
function* windowsOf(turns: readonly Said[], hours: number, startOf: (window: number) => number) {
  let first = 0;
  const count = Math.floor((hours * 3600) / SHAPE.frame / startOf(1)) - Math.ceil(SHAPE.frames / startOf(1));
  for (let window = 0; window < count; window++) {
    const start = startOf(window);
    const active = new Uint8Array(SHAPE.frames * SHAPE.slots);
    const slots = new Map<number, number>();
    while ((turns[first]?.end ?? Number.POSITIVE_INFINITY) <= start) first++;
    for (let i = first; i < turns.length && (turns[i] as Said).start < start + SHAPE.frames; i++) {
      const turn = turns[i] as Said;
      const slot = slots.get(turn.voice) ?? slots.size;
      if (slot >= SHAPE.slots) continue;
      slots.set(turn.voice, slot);
      for (let t = Math.max(turn.start, start); t < Math.min(turn.end, start + SHAPE.frames); t++)
        active[(t - start) * SHAPE.slots + slot] = 1;
    }
    yield { active, slots };
  }
}

function voicesOf(count: number, between: ArrayLike<number>, normal: () => number): Float32Array[] {
  return Array.from({ length: count }, () => Float32Array.from(between, (phi) => Math.sqrt(phi) * normal()));
}

type Work = () => unknown;

function fastCnn(name: string) {
  return ({ hours, voices, turn }: Script): Work => {
    const manifest = manifestOf(name);
    const settings = plainSpace(fastCnnSettings(manifest));
    const { local, duration, frame } = madeUpRecording([...settings.voices.between], { hours, voices, turn, seed: 1 });
    return () => solve({ manifest, settings, frame }, local, duration, { bounds: { least: 1, most: 100 }, known: [] });
  };
}

/** The Fast CNN's local speakers, and a voice for each piece: who says it does not matter for what it costs. */
function accurate({ hours, voices, turn }: Script): Work {
  const settings = plainSpace(fastCnnSettings(manifestOf('fast-cnn')));
  const manifest = manifestOf('accurate');
  const joined = plainSpace(joinedSettings(manifest));
  const { local, duration, frame } = madeUpRecording([...settings.voices.between], { hours, voices, turn, seed: 1 });
  const random = seededRandom(1);
  const normal = () => gaussian(random);
  const centres = voicesOf(voices, joined.voices.between, normal);
  const frames = Math.round(joined.pieces.target / SHAPE.frame);
  const pieces = Array.from({ length: Math.floor((hours * 3600) / joined.pieces.target) }, (_, i): VoicedPiece => {
    const centre = centres[Math.floor((i * joined.pieces.target) / turn) % voices] as Float32Array;
    const voice = centre.map((x) => x + normal());
    return { ranges: Int32Array.of(i * frames, (i + 1) * frames), frames, voice };
  });
  const grid = { frame: SHAPE.frame, offset: 0 };
  const other = byPieces(local, { pieces, grid, frame, on: settings.activity.on, mean: joined.voices.mean });
  const context = {
    manifest,
    settings,
    frame,
    cluster: () => clusterJoined(local, other, settings, joined, frame),
    identity: { local: other, settings: joined },
  };
  return () => solve(context, local, duration, { bounds: { least: 1, most: 100 }, known: [] });
}

const SIZE = 256;

function pyannote(script: Script): Work {
  const { clustering, step } = pyannoteSettings(manifestOf('pyannote'));
  const random = seededRandom(1);
  const normal = () => gaussian(random);
  // Voices are their own space: 128 dimensions, of which the first differ most.
  const to = 128;
  const between = Float64Array.from({ length: to }, (_, d) => 8 / (1 + d));
  const identity = new Float64Array(to * to);
  for (let i = 0; i < to; i++) identity[i * to + i] = 1;
  const reduction = new Float64Array(SIZE * to);
  for (let i = 0; i < to; i++) reduction[i * to + i] = 1;
  const [before, zeros] = [new Float64Array(SIZE), new Float64Array(to)];
  const space = xVectorSpace({
    from: SIZE,
    to,
    before,
    after: zeros,
    reduction,
    mean: zeros,
    whitening: identity,
    between,
  });
  const startOf = (window: number) => Math.round((window * step) / SHAPE.frame);
  const heard = new HeardRecording({ ...SHAPE, dimensions: SIZE, startOf });
  const centres = voicesOf(script.voices, [...between, ...new Float64Array(SIZE - to)], normal);
  for (const { active, slots } of windowsOf(turnsOf(script, random), script.hours, startOf)) {
    const window = heard.windows;
    heard.add(active);
    for (const [voice, slot] of slots)
      heard.voices.set(
        window * SHAPE.slots + slot,
        (centres[voice] as Float32Array).map((x) => x + 0.4 * normal()),
      );
  }
  return () => {
    const voices = finish(findVoices(heard, space, clustering));
    return finish(assignVoices(voices));
  };
}

const PIPELINES: Readonly<Record<string, (script: Script) => Work>> = {
  'fast-cnn (and standard)': fastCnn('fast-cnn'),
  accurate,
  pyannote,
};
/** Ordinary talk, and as many voices and turns as anybody could put into it. */
const SCRIPTS = [
  { voices: 4, turn: 4 },
  { voices: 60, turn: 0.8 },
];

/** Prints the CPU and what was held at most. */
export async function clustering(only = ''): Promise<void> {
  console.log('| clustering of | voices | seconds a turn | 1 h | 4 h |\n|---|---|---|---|---|');
  let most = 0;
  for (const { voices, turn } of SCRIPTS) {
    for (const [name, make] of Object.entries(PIPELINES)) {
      if (!name.startsWith(only)) continue;
      const seconds = [1, 4].map((hours) => {
        const work = make({ hours, voices, turn });
        const begin = process.cpuUsage();
        work();
        const { user, system } = process.cpuUsage(begin);
        return (user + system) / 1e6;
      });
      most = Math.max(most, ...seconds);
      console.log(`| ${name} | ${voices} | ${turn} | ${seconds.map((s) => `${s.toFixed(2)} s`).join(' | ')} |`);
    }
  }
  console.log(
    `\nat most ${most.toFixed(1)} s of CPU; ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MB resident at most`,
  );
}
