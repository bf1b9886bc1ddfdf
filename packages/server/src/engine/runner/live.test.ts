import { expect, it } from 'vitest';
import { type Diarizer, encodeWav } from 'voiceflow-ml/core';
import type { LiveMessage } from '../engine.ts';
import { openLive } from './live.ts';

/** A session that counts samples. */
function open() {
  const messages: LiveMessage[] = [];
  let samples = 0;
  const session = {
    async push(more: Float32Array) {
      samples += more.length;
    },
    close: async () => {},
    async *[Symbol.asyncIterator]() {},
  };
  const diarizer = { open: () => session } as unknown as Diarizer;
  const request = { sampleRate: 16_000, encoding: 's16le', keepUp: true } as const;
  const channel = openLive(diarizer, request, (message) => messages.push(message));
  return { channel, messages, samples: () => samples };
}

const WAV = encodeWav(new Float32Array(100), 16_000);
const OGG = new TextEncoder().encode('OggS\0and what comes then');

it.each([
  ['WAV', WAV, 1_000],
  ['WAV', WAV, 5],
  ['Ogg', OGG, 7],
])('rejects a %s in place of PCM, for chunks of any size', async (name, bytes, size) => {
  const { channel, messages } = open();
  for (let at = 0; at < bytes.length; at += size) await channel.push(bytes.slice(at, at + size));
  expect(messages).toEqual([
    {
      type: 'error',
      code: 'unsupported-format',
      message: expect.stringMatching(new RegExp(`begins like a ${name}.*, expected raw s16le`)),
      hint: expect.stringContaining('/v1/diarize'),
    },
  ]);
});

it('accepts other bytes as PCM, also if such a header appears later', async () => {
  const { channel, messages, samples } = open();
  for (const bytes of [new Uint8Array(3), new Uint8Array(11), WAV.slice(), new Uint8Array(2)])
    await channel.push(bytes);
  expect(messages).toEqual([]);
  expect(samples()).toBe((3 + 11 + WAV.length + 2) / 2);
});
