import { expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { joinedSpace } from './cluster-joined.ts';
import { evidence, project, type VoiceSpace } from './plda.ts';

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
  const joined = joinedSpace(a, b);
  const voice = projected(joined, Float32Array.of(...x, ...y));
  expect(voice).toEqual(Float32Array.of(...projected(a, x), ...projected(b, y)));
  const of = (s: VoiceSpace, v: Float32Array) => evidence(s.between, 2.5, v);
  expect(of(joined, voice)).toBeCloseTo(of(a, projected(a, x)) + of(b, projected(b, y)), 4);
});
