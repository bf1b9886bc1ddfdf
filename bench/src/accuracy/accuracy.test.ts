import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Diarizer, encodeWav, type Turn, toRttm } from 'voiceflow-ml/core';
import { accuracy } from './accuracy.ts';
import { recordingsOf } from './recordings.ts';

const turn = (start: number, end: number, speaker: string): Turn => ({ start, end, speaker });

async function folder(recordings: Readonly<Record<string, readonly Turn[]>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'voiceflow-accuracy-'));
  for (const [name, turns] of Object.entries(recordings)) {
    await writeFile(join(path, `${name}.rttm`), toRttm(turns, name));
    await writeFile(join(path, `${name}.wav`), encodeWav([new Float32Array(16_000)], 16_000));
  }
  return path;
}

/** Tells the same for every recording. */
function stub(turns: readonly Turn[], asked: unknown[] = []): Diarizer {
  const speakers = [...new Set(turns.map(({ speaker }) => speaker))].map((label) => ({ label }));
  return {
    diarize: async (_: unknown, options: unknown) => {
      asked.push(options);
      return { turns, speakers, duration: 10 };
    },
  } as unknown as Diarizer;
}

describe('accuracy', () => {
  it('scores each file and the total, and counts speakers', async () => {
    const path = await folder({ a: [turn(0, 4, 'x'), turn(4, 8, 'y')], b: [turn(0, 8, 'z')] });
    const asked: unknown[] = [];
    const [result] = await accuracy(stub([turn(0, 4, 'p'), turn(4, 10, 'q')], asked), {
      folders: [path],
      countKnown: true,
    });
    expect(asked).toEqual([{ numSpeakers: 2 }, { numSpeakers: 1 }]);
    expect(result?.files.map(({ name, der }) => [name, der])).toEqual([
      ['a', 25],
      ['b', 75],
    ]);
    // Two seconds of false alarm in each, four of confusion in b, of sixteen.
    expect(result?.total).toMatchObject({ der: 50, falseAlarm: 4, confusion: 4, miss: 0, scored: 16 });
    expect([result?.countError, result?.countBias]).toEqual([0.5, 0.5]);
  });

  it('repeats recordings together with their reference', async () => {
    const path = await folder({ a: [turn(0, 0.5, 'x')] });
    const given: unknown[] = [];
    const diarizer = {
      diarize: async (audio: { samples: Float32Array; sampleRate: number }) => {
        given.push([audio.samples.length, audio.sampleRate]);
        return { turns: [turn(0, 0.5, 'p'), turn(1, 1.5, 'p')], speakers: [{}], duration: 2 };
      },
    } as unknown as Diarizer;
    const [result] = await accuracy(diarizer, { folders: [path], repeat: 2 });
    expect(given).toEqual([[32_000, 16_000]]);
    expect(result?.total).toMatchObject({ der: 0, scored: 1 });
  });

  it('rejects a folder without recordings', async () => {
    await expect(recordingsOf(await folder({}))).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(recordingsOf('/nowhere')).rejects.toMatchObject({ code: 'invalid-option' });
  });
});
