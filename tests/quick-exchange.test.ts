import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDiarizer, type Diarizer } from 'voiceflow-ml';
import { Timeline } from 'voiceflow-ml/core';

/** Two people of the demo who take turns every 0.8 s: whoever they are taken for, what they say is somebody's. */

const RATE = 16_000;
const TURN = 0.8;
const STARTS = { sally: 0.7, ross: 14.1 };
const TURNS = 5;

function exchange(): Float32Array {
  const file = readFileSync(new URL('../examples/audio/conversation.wav', import.meta.url));
  const length = TURN * RATE;
  const out = new Float32Array(2 * TURNS * length);
  for (let turn = 0; turn < 2 * TURNS; turn++) {
    const from = Math.round(((turn % 2 === 0 ? STARTS.sally : STARTS.ross) + (turn >> 1) * TURN) * RATE);
    for (let i = 0; i < length; i++) out[turn * length + i] = file.readInt16LE(44 + 2 * (from + i)) / 32_768;
  }
  return out;
}

let diarizer: Diarizer;
beforeAll(async () => {
  diarizer = await createDiarizer();
});
afterAll(() => diarizer?.close());

it('keeps all speech of a quick exchange', async () => {
  const samples = exchange();
  const { turns } = await diarizer.diarize({ samples, sampleRate: RATE });
  const spoken = new Timeline(turns).segments.reduce((sum, { start, end }) => sum + end - start, 0);
  expect(spoken).toBeGreaterThan((0.9 * samples.length) / RATE);
});
