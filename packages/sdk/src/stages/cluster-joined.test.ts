import { expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { joinedOffset, joinedVariances, joinVectors } from './cluster-joined.ts';
import { tabulateSteps, voiceOf } from './local-speaker-table.ts';
import { LocalSpeakers } from './local-speakers.ts';
import { evidence, project, type Variances, type VoiceSpace } from './plda.ts';
import { recordingOffset } from './recording-offset.ts';
import { finish } from './steps.ts';

const random = seededRandom(5);
const numbers = (n: number, least = -1) => Float32Array.from({ length: n }, () => least + random() * (1 - least));

function space(from: number, to: number): VoiceSpace {
  return { from, to, mean: numbers(from), projection: numbers(from * to), between: numbers(to, 0.1) };
}

function projected(of: VoiceSpace, x: Float32Array): Float32Array {
  const out = new Float32Array(of.to);
  project(of, x, out);
  return out;
}

it('evidence in a joined space is the sum of the evidence in both spaces', () => {
  const [a, b] = [space(6, 3), space(5, 4)];
  const [x, y] = [numbers(6), numbers(5)];
  const joined = joinedVariances(a, b);
  const voice = Float32Array.of(...projected(a, x), ...projected(b, y));
  const of = ({ between }: Variances, v: Float32Array) => evidence(between, 2.5, v);
  expect(of(joined, voice)).toBeCloseTo(of(a, projected(a, x)) + of(b, projected(b, y)), 4);
});

it('the offset of the first space is the same in the joined space, and the second space has none', () => {
  const [a, b] = [space(6, 3), space(5, 4)];
  const joined = joinedVariances(a, b);
  const rules = { directions: Float32Array.of(0.6, 0.8, 0, 0, 0, 1), variance: 2 };
  const voices = Array.from({ length: 4 }, () => numbers(joined.to));
  const offset = recordingOffset(voices, joined.between, joinedOffset(rules, a.to, joined.to));
  const own = voices.map((voice) => voice.subarray(0, a.to));
  expect(offset.subarray(0, a.to)).toEqual(recordingOffset(own, a.between, rules));
  expect(offset.subarray(a.to)).toEqual(new Float32Array(b.to));
});

it('a joined table has the vectors of both embeddings of each local speaker', () => {
  const [a, b] = [space(6, 3), space(5, 4)];
  const recording = (dimensions: number) => {
    const local = new LocalSpeakers({ frames: 4, slots: 2, dimensions, hop: 2 }, { above: 0.5, frames: 1 });
    // The second slot of the first window is silent.
    local.add(Float32Array.of(1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 1), numbers(2 * 2 * dimensions));
    return local;
  };
  const [one, two] = [recording(6), recording(5)];
  const own = finish(tabulateSteps(one, a, 0.5, 0.02));
  const table = finish(joinVectors(own, two, b));
  const other = finish(tabulateSteps(two, b, 0.5, 0.02));
  expect([...table.window]).toEqual([0, 1, 1]);
  for (const row of table.window.keys()) {
    expect(voiceOf(table, row)).toEqual(Float32Array.of(...voiceOf(own, row), ...voiceOf(other, row)));
  }
});
