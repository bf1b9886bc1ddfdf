import { expect, it } from 'vitest';
import type { LiveEvent } from '../contract/live.ts';
import { FRAMES } from '../stages/fixtures/scripted.ts';
import { finish } from '../stages/steps.ts';
import { liveCnn } from './fixtures/live.ts';
import { LiveTracker } from './tracker.ts';

const [SLOTS, DIMENSIONS, HOP] = [2, 16, 12];

/** A voice at an angle to the first, in radians. */
function voice(angle: number): Float32Array {
  const embedding = new Float32Array(DIMENSIONS);
  embedding[0] = Math.cos(angle);
  embedding[1] = Math.sin(angle);
  return embedding;
}

/** What the network says while one voice speaks all the time. */
function speaking(embedding: Float32Array) {
  const activity = Float32Array.from({ length: FRAMES * SLOTS }, (_, at) => (at % SLOTS === 0 ? 0.97 : 0.02));
  const embeddings = new Float32Array(SLOTS * DIMENSIONS);
  embeddings.set(embedding);
  return { activity, embeddings, gate: undefined };
}

it('emits the name that a merged speaker brings along', () => {
  const cluster = {
    rate: 0.625,
    saturation: 30,
    evidence: 0,
    shortestTrack: 0.1,
    shortestSpeaker: 0.5,
    leastShare: 0.2,
  };
  const known = [{ name: 'Ada', space: 'scripted/1', embedding: voice(1) }];
  const events: LiveEvent[] = [];
  const rules = { lag: FRAMES, hop: HOP, maxSpeakers: undefined, known };
  const tracker = new LiveTracker(liveCnn({}, { cluster }), rules, (event) => events.push(event));
  const hear = (angle: number, seconds: number) => {
    for (let at = 0; at < seconds * FRAMES; at += HOP) finish(tracker.add(speaking(voice(angle))));
  };
  // Ada says little, and much in a voice between: a speaker of their own, until it is plain that they are one.
  hear(0, 6);
  hear(1, 4);
  hear(0.5, 100);
  expect(events.filter(({ type }) => !type.startsWith('turn'))).toEqual([
    { type: 'speaker', speaker: 'SPEAKER_00' },
    { type: 'speaker', speaker: 'SPEAKER_00', name: 'Ada' },
    { type: 'speaker', speaker: 'SPEAKER_01' },
    { type: 'speaker-merged', from: 'SPEAKER_00', into: 'SPEAKER_01' },
    { type: 'speaker', speaker: 'SPEAKER_01', name: 'Ada' },
  ]);
});
