import { describe, expect, it } from 'vitest';
import { seededRandom } from '../contract/random.ts';
import { finish } from '../stages/steps.ts';
import { LiveSpeakers } from './speakers.ts';
import { TurnLog } from './turn-events.ts';
import { VoiceMemory } from './voice-memory.ts';

const BETWEEN = new Float32Array(8).fill(6);
const RULES = {
  between: BETWEEN,
  cluster: {
    rate: 0.625,
    saturation: 30,
    evidence: 0,
    shortestTrack: 0.1,
    shortestSpeaker: 1,
    leastShare: 0,
  },
};

/** Voices of `speaker` with noise of variance 1. */
function voices(speaker: number, seed: number): () => Float32Array {
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return () => Float32Array.from({ length: 8 }, (_, i) => (i === speaker ? 8 : 0) + normal());
}

function remember(memory: VoiceMemory, assigned: number, voice: Float32Array, seconds = 1) {
  const stretch = memory.open(assigned, 8);
  memory.extend(stretch, { from: 0, to: 50, seconds }, voice, voice);
  return stretch;
}

describe('stays bounded in a session of days without losing speech time', () => {
  it('stays bounded in a session of days without losing any speech time', () => {
    const memory = new VoiceMemory(RULES);
    const sources = [0, 1, 2].map((speaker) => voices(speaker, speaker));
    for (let i = 0; i < 900; i++) {
      remember(memory, i % 3, (sources[i % 3] as () => Float32Array)());
      finish(memory.compact());
      expect(memory.size).toBeLessThanOrEqual(256);
    }
    const mean = new Float32Array(8);
    const assigned = [0, 1, 2].map(
      (speaker) => memory.embedding((stretch) => stretch.speaker === speaker, mean).seconds,
    );
    expect(assigned.reduce((sum, seconds) => sum + seconds, 0)).toBeCloseTo(900, 3);
    expect(finish(memory.recluster(() => false)).merged).toEqual([]);
  });

  it('keeps the voice of a speaker who has just begun', () => {
    const memory = new VoiceMemory(RULES);
    const source = voices(0, 1);
    for (let i = 0; i < 255; i++) remember(memory, 0, source());
    memory.seed(7, 1, voices(3, 2)());
    const before = memory.model(7);
    finish(memory.compact());
    expect(memory.size).toBeLessThanOrEqual(130);
    expect(memory.speakers).toEqual([0, 7]);
    expect(memory.model(7)).toEqual(before);
  });

  it('detects that two speakers are one, and keeps the label with more speech', () => {
    const memory = new VoiceMemory(RULES);
    const [one, two] = [voices(0, 1), voices(1, 2)];
    for (let i = 0; i < 6; i++) {
      remember(memory, 3, one());
      remember(memory, 1, two());
      remember(memory, 2, one());
    }
    expect(finish(memory.recluster(() => false)).merged).toEqual([[3, 2]]);
    remember(memory, 3, one());
    expect(finish(memory.recluster(() => false)).merged).toEqual([[2, 3]]);
  });

  it('finds speech that was assigned to the wrong speaker, and does not re-cluster new speakers', () => {
    const memory = new VoiceMemory(RULES);
    const [one, two] = [voices(0, 3), voices(1, 4)];
    for (let i = 0; i < 5; i++) {
      remember(memory, 0, one());
      remember(memory, 0, two());
      remember(memory, 1, one());
    }
    const { unmatched, merged } = finish(memory.recluster((speaker) => speaker === 1));
    expect(merged).toEqual([]);
    expect(unmatched.map((members) => members.length)).toEqual([5]);
    memory.assign(unmatched[0] ?? [], 2);
    expect(memory.speakers).toEqual([0, 1, 2]);
  });

  it('distinguishes another voice from the same voice, and decides only with enough speech', () => {
    const memory = new VoiceMemory(RULES);
    const [one, two] = [voices(0, 5), voices(1, 6)];
    memory.seed(
      0,
      2,
      one().map((x) => 2 * x),
    );
    expect(memory.differs(0, 1, one())).toBe(false);
    expect(memory.differs(0, 1, two())).toBe(true);
    for (let i = 0; i < 4; i++) remember(memory, 0, one());
    expect(memory.differs(0, 1, one())).toBe(false);
    expect(memory.differs(0, 1, two())).toBe(true);
  });
});

describe('TurnLog', () => {
  it('keeps the latest turns, and counts the dropped ones', () => {
    const log = new TurnLog();
    for (let i = 0; i < 105_000; i++) {
      log.add({ start: i, end: i + 0.5, speaker: 0, confidence: 1 });
    }
    expect(log.forgotten).toBe(10_000);
    expect(log.turns.length).toBe(95_000);
    expect(log.turns[0]?.start).toBe(10_000);
  });
});

describe('LiveSpeakers', () => {
  it('follows chains of merges, and never reuses a number', () => {
    const speakers = new LiveSpeakers();
    const [a, b, c] = [speakers.add(0), speakers.add(0), speakers.add(0)];
    speakers.at(c).name = 'Ada';
    speakers.merge(c, b);
    speakers.merge(b, a);
    expect([a, b, c].map((speaker) => speakers.now(speaker))).toEqual([a, a, a]);
    expect(speakers.at(a).name).toBe('Ada');
    expect(speakers.active).toEqual([a]);
    expect(speakers.add(0)).toBe(3);
  });
});
