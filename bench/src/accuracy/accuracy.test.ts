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

  it('measures recordings that begin later, together with their reference', async () => {
    const path = await folder({ a: [turn(0.1, 0.5, 'x'), turn(0.6, 1, 'y')] });
    const given: number[] = [];
    const diarizer = {
      diarize: async (audio: Blob | { samples: Float32Array }) => {
        const begin = 'samples' in audio ? 1 - audio.samples.length / 16_000 : 0;
        given.push(begin);
        const turns = [
          turn(Math.max(0, 0.1 - begin), Math.max(0, 0.5 - begin), 'p'),
          turn(Math.max(0, 0.6 - begin), 1 - begin, 'q'),
        ];
        return { turns: turns.filter(({ start, end }) => end > start), speakers: [{}], duration: 1 - begin };
      },
    } as unknown as Diarizer;
    const [result] = await accuracy(diarizer, { folders: [path], begins: 3 });
    expect(given.map((begin) => begin.toFixed(2))).toEqual(['0.00', '0.31', '0.62']);
    expect(result?.files.map(({ name, speakers }) => [name, speakers.reference])).toEqual([
      ['a', 2],
      ['a from 0.31 s', 2],
      ['a from 0.62 s', 1],
    ]);
    expect(result?.total.der).toBeCloseTo(0, 6);
    expect(result?.total.scored).toBeCloseTo(0.8 + 0.59 + 0.38, 6);
  });

  it('rejects a folder without recordings', async () => {
    await expect(recordingsOf(await folder({}))).rejects.toMatchObject({ code: 'invalid-option' });
    await expect(recordingsOf('/nowhere')).rejects.toMatchObject({ code: 'invalid-option' });
  });
});
