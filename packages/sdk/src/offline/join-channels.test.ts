import { describe, expect, it } from 'vitest';
import type { AudioSource } from '../contract/audio.ts';
import { channelNames, diarizeChannels, joinChannels } from './join-channels.ts';
import type { PipelineResult } from './types.ts';

type Line = readonly [start: number, end: number, speaker: string, name?: string];

function result(lines: readonly Line[], more: Partial<PipelineResult> = {}): PipelineResult {
  const labels = [...new Set(lines.map(([, , speaker]) => speaker))];
  return {
    turns: lines.map(([start, end, speaker]) => ({ start, end, speaker })),
    speakers: labels.map((label) => ({
      label,
      seconds: lines.reduce((sum, [start, end, speaker]) => sum + (speaker === label ? end - start : 0), 0),
      embedding: Float32Array.of(1, 0),
      ...(lines.some(([, , speaker, name]) => speaker === label && name) ? { name: label } : {}),
    })),
    duration: 10,
    warnings: [],
    decode: 1,
    model: 2,
    cluster: 3,
    ...more,
  };
}

const shown = ({ turns }: PipelineResult) => turns.map(({ start, end, speaker }) => [start, end, speaker]);

describe('joinChannels', () => {
  it('labels the only speaker of a channel with the channel’s name, and numbers several', () => {
    const joined = joinChannels(
      [
        result([[0, 4, 'SPEAKER_00']]),
        result([
          [3, 5, 'SPEAKER_00'],
          [6, 8, 'SPEAKER_01'],
        ]),
      ],
      channelNames(2),
    );
    expect(shown(joined)).toEqual([
      [0, 4, 'LEFT'],
      [3, 5, 'RIGHT_1'],
      [6, 8, 'RIGHT_2'],
    ]);
    expect(joined.speakers.map(({ label, seconds }) => [label, seconds])).toEqual([
      ['LEFT', 4],
      ['RIGHT_1', 2],
      ['RIGHT_2', 2],
    ]);
  });

  it('gives no two speakers one label', () => {
    const [a, b, one] = [[0, 2, 'SPEAKER_00'] as const, [3, 5, 'SPEAKER_01'] as const, [6, 8, 'SPEAKER_00'] as const];
    const desks = joinChannels([result([a, b]), result([one])], ['Desk', 'Desk_1']);
    expect(shown(desks)).toEqual([
      [0, 2, 'Desk_2'],
      [3, 5, 'Desk_3'],
      [6, 8, 'Desk_1'],
    ]);
    const named = joinChannels([result([a]), result([[6, 8, 'LEFT', 'LEFT']])], ['LEFT', 'RIGHT']);
    expect(named.speakers.map(({ label, name }) => [label, name])).toEqual([
      ['LEFT_1', undefined],
      ['LEFT', 'LEFT'],
    ]);
  });

  it('keeps known voices as one speaker across channels', () => {
    const joined = joinChannels(
      [
        result([
          [0, 4, 'Ann', 'Ann'],
          [5, 6, 'SPEAKER_01'],
        ]),
        result([[3, 5, 'Ann', 'Ann']]),
      ],
      ['agent', 'customer'],
    );
    expect(shown(joined)).toEqual([
      [0, 5, 'Ann'],
      [5, 6, 'agent'],
    ]);
    expect(joined.speakers.map(({ label, seconds, name }) => [label, seconds, name])).toEqual([
      ['Ann', 5, 'Ann'],
      ['agent', 1, undefined],
    ]);
  });

  it('names the channel in a warning', () => {
    const silent = { code: 'audio-silent', message: 'no speech was found' } as const;
    const joined = joinChannels([result([[0, 4, 'SPEAKER_00']]), result([], { warnings: [silent] })], channelNames(2));
    expect(joined.warnings).toEqual([{ code: 'audio-silent', message: 'channel RIGHT: no speech was found' }]);
  });

  it('numbers more than two channels', () => {
    expect(channelNames(3)).toEqual(['CHANNEL_1', 'CHANNEL_2', 'CHANNEL_3']);
  });
});

describe('diarizeChannels', () => {
  const source = (): AudioSource => ({ sampleRate: 8000, warnings: [], read: async () => null, close: async () => {} });

  it.each([[['a']], [['a', 'a']], [['a', '']], [['a', 'b', 'c']]])('rejects the names %j', async (names) => {
    const joined = diarizeChannels([source(), source()], names, async () => result([]));
    await expect(joined).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('ignores that a source cannot be closed', async () => {
    const stuck = { ...source(), close: () => Promise.reject(new Error('stuck')) };
    const joined = await diarizeChannels([stuck, source()], undefined, async () => result([[0, 1, 'SPEAKER_00']]));
    expect(joined.speakers).toHaveLength(2);
  });

  it('fails with the error of the failed channel, after all have ended', async () => {
    let ended = 0;
    const joined = diarizeChannels([source(), source()], undefined, async (_, channel) => {
      if (channel === 0) throw new Error('broken');
      await new Promise((resolve) => setImmediate(resolve));
      ended++;
      return result([]);
    });
    await expect(joined).rejects.toThrow('broken');
    expect(ended).toBe(1);
  });
});
