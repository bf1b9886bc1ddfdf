import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDiarizer, type Diarizer } from 'voiceflow-ml';
import { seededRandom } from '../packages/sdk/src/contract/random.ts';

/** Hold music before a call: a melody on a plucked string over a bass is nobody. */

const RATE = 16_000;
const MELODY = [262, 330, 392, 440, 330, 262, 392, 330];
const SECONDS = 16;

/** Karplus and Strong's string: noise that goes round a delay and loses its treble. */
function pluck(out: Float32Array, at: number, hertz: number, random: () => number): void {
  const string = Float32Array.from({ length: Math.floor(RATE / hertz) }, () => random() - 0.5);
  for (let i = 0; i < RATE; i++) {
    const [here, next] = [i % string.length, (i + 1) % string.length];
    out[at + i] = string[here] as number;
    string[here] = 0.498 * ((string[here] as number) + (string[next] as number));
  }
}

function music(): Float32Array {
  const random = seededRandom(17);
  const out = new Float32Array(SECONDS * RATE);
  for (let second = 0; second < SECONDS; second++) {
    pluck(out, second * RATE, MELODY[second % MELODY.length] as number, random);
  }
  const sawtooth = (i: number, hertz: number) => ((i * hertz) / RATE) % 1;
  return out.map((x, i) => 0.3 * x + 0.02 * (sawtooth(i, 110) + sawtooth(i, 164) + sawtooth(i, 220) - 1.5));
}

/** The first ten seconds of the demo: 16-bit mono at 16 kHz. */
function call(): Float32Array {
  const file = readFileSync(new URL('../examples/audio/conversation.wav', import.meta.url));
  return Float32Array.from({ length: 10 * RATE }, (_, i) => file.readInt16LE(44 + 2 * i) / 32_768);
}

let diarizer: Diarizer;
beforeAll(async () => {
  diarizer = await createDiarizer();
});
afterAll(() => diarizer?.close());

it('music is not a speaker, neither alone nor before a call', async () => {
  const alone = await diarizer.diarize({ samples: music(), sampleRate: RATE });
  expect([alone.turns, alone.warnings.map(({ code }) => code)]).toEqual([[], ['audio-silent']]);
  const before = await diarizer.diarize({ samples: call(), sampleRate: RATE });
  const samples = Float32Array.from([...music(), ...call()]);
  const { turns, speakers } = await diarizer.diarize({ samples, sampleRate: RATE });
  expect(Math.min(...turns.map(({ start }) => start))).toBeGreaterThan(SECONDS - 0.1);
  expect(speakers).toHaveLength(before.speakers.length);
});
