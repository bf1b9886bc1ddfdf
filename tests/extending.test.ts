import { openAsBlob } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createDiarizer } from 'voiceflow-ml';
import { testBackend } from 'voiceflow-ml/testing';
import { myBackend } from '../examples/extend/backend.mjs';
import { regionDiarizer } from '../examples/extend/stage.mjs';

/** The two examples for people who extend VoiceFlow (examples/extend), as they are. */

testBackend({ name: 'of the example', create: () => myBackend() }, { describe, it });

const AUDIO = 'examples/audio/conversation.wav';
const turnsOf = async (diarizer: Awaited<ReturnType<typeof createDiarizer>>) => {
  try {
    return (await diarizer.diarize(await openAsBlob(AUDIO))).turns;
  } finally {
    await diarizer.close();
  }
};

it('the example stage returns no turns outside its regions, and keeps the turns inside', async () => {
  const regions = [
    { start: 5, end: 15 },
    { start: 25, end: 40 },
  ];
  const turns = await turnsOf(await regionDiarizer(regions));
  expect(turns.length).toBeGreaterThan(0);
  for (const { start, end } of turns) expect(regions.some((one) => start >= one.start && end <= one.end)).toBe(true);
  const all = await turnsOf(await createDiarizer());
  const seconds = (list: typeof turns, from: number, to: number) =>
    list.reduce((sum, { start, end }) => sum + Math.max(0, Math.min(end, to) - Math.max(start, from)), 0);
  for (const { start, end } of regions) {
    expect(seconds(turns, start, end)).toBeGreaterThan(0.8 * seconds(all, start, end));
  }
});
