import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Diarizer, encodeWav, type LiveEvent, type Turn, toRttm } from 'voiceflow-ml/core';
import { withinLimits } from './commands/live.ts';
import { measureLive } from './live.ts';

const turn = (start: number, end: number, speaker: string): Turn => ({ start, end, speaker });
const turnEnd = (id: string, start: number, end: number, speaker: string): LiveEvent => ({
  type: 'turn-end',
  turn: id,
  start,
  end,
  speaker,
  confidence: 1,
});

/** Tells these events at the first push, and has this result. */
function stub(events: readonly LiveEvent[], result: { turns: readonly Turn[]; labels: Record<string, string> }) {
  return {
    manifest: { sampleRate: 16_000 },
    diarize: async () => ({ turns: [turn(0, 10, 'x')] }),
    open: () => ({
      push: async () => {},
      end: async () => result,
      close: async () => {},
      async *[Symbol.asyncIterator]() {
        yield* events;
      },
    }),
  } as unknown as Diarizer;
}

it('scores final turns under their last labels, and counts renamed and reassigned speech', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'voiceflow-live-'));
  await writeFile(join(folder, 'a.rttm'), toRttm([turn(0, 6, 'one'), turn(6, 10, 'two')], 'a'));
  await writeFile(join(folder, 'a.wav'), encodeWav([new Float32Array(160_000)], 16_000));
  const events: LiveEvent[] = [
    turnEnd('t0', 0, 4, 'A'),
    turnEnd('t1', 4, 6, 'B'),
    { type: 'speaker-merged', from: 'B', into: 'A' },
    turnEnd('t2', 6, 10, 'C'),
    turnEnd('t3', 8, 8, 'C'),
  ];
  // Clustered again, the last second of t2 goes to A.
  const result = { turns: [turn(0, 6, 'A'), turn(6, 9, 'C'), turn(9, 10, 'A')], labels: { A: 'A', B: 'A', C: 'C' } };
  const [measured] = await measureLive(stub(events, result), { folders: [folder], latency: 1 });
  expect(measured).toMatchObject({
    live: 0,
    offline: 40,
    reclustered: 10,
    finalSeconds: 10,
    renamed: 2,
    reassigned: 1,
  });
  expect(measured?.files[0]?.speakers).toEqual({ found: 2, reference: 2 });
  expect(measured && withinLimits(measured)).toBe(false);
  expect(measured && withinLimits({ ...measured, renamed: 0.2 })).toBe(true);
  expect(measured && withinLimits({ ...measured, renamed: 0, live: 46.5 })).toBe(false);
});
