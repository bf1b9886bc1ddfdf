import { expect, describe as group, it } from 'vitest';
import { type DiarizationJson, parseRttm, parseSrt, parseVtt } from 'voiceflow-ml/core';
import { clock, describe, Recording } from './recording.ts';

const RESULT: DiarizationJson = {
  duration: 5,
  turns: [
    { start: 0.5, end: 2, speaker: 'SPEAKER_00', confidence: 0.9 },
    { start: 1.5, end: 3, speaker: 'SPEAKER_01' },
    { start: 4, end: 5, speaker: 'SPEAKER_00' },
  ],
  speakers: [
    { label: 'SPEAKER_00', seconds: 2.5 },
    { label: 'SPEAKER_01', seconds: 1.5, name: 'Ben' },
  ],
  model: { id: 'm', version: '1', space: 's' },
  backend: 'wasm',
  warnings: [],
  timings: { load: 0, decode: 0, model: 0, cluster: 0, total: 0 },
};

function shown(): Recording {
  const recording = new Recording('my meeting.final.wav');
  recording.show(RESULT);
  return recording;
}

group('a recording', () => {
  it('takes its name from the file name without extension, and lists speakers in order of appearance', () => {
    const recording = shown();
    expect(recording.name).toBe('my meeting.final');
    expect(new Recording('.wav').name).toBe('audio');
    expect(recording.speakers).toEqual(['SPEAKER_00', 'SPEAKER_01']);
    expect(recording.secondsOf('SPEAKER_00')).toBeCloseTo(2.5, 9);
  });

  it('takes names from the result unless the user set one; an empty name restores the label', () => {
    const recording = new Recording('a.wav');
    recording.rename('SPEAKER_01', ' Ada ');
    recording.show(RESULT);
    expect(recording.nameOf('SPEAKER_01')).toBe('Ada');
    recording.rename('SPEAKER_01', '  ');
    expect(recording.nameOf('SPEAKER_01')).toBe('SPEAKER_01');
    expect(shown().nameOf('SPEAKER_01')).toBe('Ben');
  });

  it('finds the turn at a time, that of a given speaker during overlap, and the previous and next turn', () => {
    const recording = shown();
    expect(recording.turnAt(1.7)?.speaker).toBe('SPEAKER_00');
    expect(recording.turnAt(1.7, 'SPEAKER_01')?.start).toBe(1.5);
    expect(recording.turnAt(3.5)).toBeUndefined();
    expect(recording.turnFrom(0, 1)?.start).toBe(0.5);
    expect(recording.turnFrom(0.5, 1)?.start).toBe(1.5);
    expect(recording.turnFrom(1.6, -1)?.start).toBe(0.5);
    expect(recording.turnFrom(4.5, 1)).toBeUndefined();
  });

  it('exports files with the assigned names', () => {
    const recording = shown();
    recording.rename('SPEAKER_00', 'Dr. Ada');
    const [rttm] = parseRttm(recording.toFile('rttm'));
    expect(rttm?.turns.map(({ speaker }) => speaker)).toEqual(['Dr. Ada', 'Ben', 'Dr. Ada']);
    expect(parseSrt(recording.toFile('srt'))).toHaveLength(3);
    expect(parseVtt(recording.toFile('vtt'))).toHaveLength(3);
    const json = JSON.parse(recording.toFile('json'));
    expect(json).toMatchObject({ name: 'my meeting.final', duration: 5, backend: 'wasm' });
    expect(json.turns[0]).toEqual({ start: 0.5, end: 2, speaker: 'Dr. Ada', confidence: 0.9 });
    expect(json.speakers.map(({ label }: { label: string }) => label)).toEqual(['Dr. Ada', 'Ben']);
  });

  it('exports files while only live turns exist', () => {
    const recording = new Recording('microphone');
    recording.turns = [{ start: 0, end: 1, speaker: 'A', tentative: true }];
    expect(JSON.parse(recording.toFile('json'))).toEqual({
      name: 'microphone',
      turns: [{ start: 0, end: 1, speaker: 'A' }],
    });
  });
});

it.each([
  [0, '0:00.0'],
  [59.96, '1:00.0'],
  [3723.4, '1:02:03.4'],
])('clock(%d) is %s', (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});

it('describes a turn by speaker and times', () => {
  expect(describe(shown(), { start: 1.5, end: 3, speaker: 'SPEAKER_01' })).toBe('Ben, 0:01.5 to 0:03.0');
});
