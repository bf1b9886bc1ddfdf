/** CPU time of clustering for 1 and 4 hours in every pipeline, on synthetic network outputs. */

import { readFileSync } from 'node:fs';
import process from 'node:process';
import {
  assignVoices,
  BinarizedRecording,
  clusterJoined,
  fastCnnSettings,
  findVoices,
  finish,
  joinedSettings,
  PieceSpeakers,
  pyannoteSettings,
  solve,
  type VoicedPiece,
  xVectorSpace,
} from 'voiceflow-ml/stages';
import { seededRandom } from 'voiceflow-ml/testing';
import { plainSpace, type Script, syntheticRecording, turnsOf, voicesOf, windowsOf } from '../bench/src/clustering.ts';
import { gaussian } from '../bench/src/stats/random.ts';

const manifestOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../models/${name}/manifest.json`, import.meta.url), 'utf8'));

/** segmentation-3.0: frames and local speakers per window; length and offset of its frames in seconds. */
const SHAPE = { frames: 589, slots: 3, frame: 270 / 16_000, offset: 495 / 16_000 };

type Work = () => unknown;

function fastCnn(name: string) {
  return (script: Script): Work => {
    const manifest = manifestOf(name);
    const settings = plainSpace(fastCnnSettings(manifest));
    const { local, duration, frame } = syntheticRecording([...settings.voices.between], script, 1);
    return () => solve({ manifest, settings, frame }, local, duration, { bounds: { least: 1, most: 100 }, known: [] });
  };
}

/** The Fast CNN's local speakers, and a voice for each piece. Which voice a piece has does not affect the cost. */
function accurate(script: Script): Work {
  const { hours, voices, turn } = script;
  const settings = plainSpace(fastCnnSettings(manifestOf('fast-cnn')));
  const manifest = manifestOf('accurate');
  const joined = plainSpace(joinedSettings(manifest));
  const { local, duration, frame } = syntheticRecording([...settings.voices.between], script, 1);
  const random = seededRandom(1);
  const normal = () => gaussian(random);
  const centers = voicesOf(voices, joined.voices.between, normal);
  const frames = Math.round(joined.pieces.target / SHAPE.frame);
  const pieces = Array.from({ length: Math.floor((hours * 3600) / joined.pieces.target) }, (_, i): VoicedPiece => {
    const center = centers[Math.floor((i * joined.pieces.target) / turn) % voices] as Float32Array;
    const voice = center.map((x) => x + normal());
    return { ranges: Int32Array.of(i * frames, (i + 1) * frames), frames, voice };
  });
  const grid = { frame: SHAPE.frame, offset: 0 };
  const other = new PieceSpeakers(local, { pieces, grid, frame, on: settings.activity.on, mean: joined.voices.mean });
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
  // The space of voices has 128 dimensions; voices differ most in the first ones.
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
  const recording = new BinarizedRecording({ ...SHAPE, dimensions: SIZE, startOf });
  const centers = voicesOf(script.voices, [...between, ...new Float64Array(SIZE - to)], normal);
  for (const { active, slots } of windowsOf(turnsOf(script, SHAPE.frame, random), SHAPE, script.hours, startOf)) {
    const window = recording.windows;
    recording.add(active);
    for (const [voice, slot] of slots)
      recording.voices.set(
        window * SHAPE.slots + slot,
        (centers[voice] as Float32Array).map((x) => x + 0.4 * normal()),
      );
  }
  return () => {
    const voices = finish(findVoices(recording, space, clustering));
    return finish(assignVoices(voices));
  };
}

const PIPELINES: Readonly<Record<string, (script: Script) => Work>> = {
  'fast-cnn (and standard)': fastCnn('fast-cnn'),
  accurate,
  pyannote,
};
/** An ordinary conversation, and one with far more voices and turns than any real one. */
const SCRIPTS = [
  { voices: 4, turn: 4 },
  { voices: 60, turn: 0.8 },
];

/** Prints the CPU time and the peak memory. */
export async function clustering(only = ''): Promise<void> {
  console.log('| clustering of | voices | seconds per turn | 1 h | 4 h |\n|---|---|---|---|---|');
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
