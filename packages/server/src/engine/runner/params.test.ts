import { describe, expect, it } from 'vitest';
import { liveRequest } from '../../routes/stream/messages.ts';
import { diarizeParams, embedParams } from './params.ts';

describe('options in text form', () => {
  it('are read by the names of the SDK', () => {
    const known = JSON.stringify([
      { name: 'Ann', space: 's', embedding: [0.5, 0.5], seconds: 12.5 },
      { name: 'Bob', space: 's', embedding: [0.5, -0.5] },
    ]);
    expect(
      diarizeParams({ minSpeakers: '2', maxSpeakers: '4', exclusive: 'true', uri: 'a', known, falseNames: '0.05' }),
    ).toEqual({
      options: {
        minSpeakers: 2,
        maxSpeakers: 4,
        known: [
          { name: 'Ann', space: 's', embedding: Float32Array.from([0.5, 0.5]), seconds: 12.5 },
          { name: 'Bob', space: 's', embedding: Float32Array.from([0.5, -0.5]) },
        ],
        falseNames: 0.05,
      },
      exclusive: true,
      uri: 'a',
    });
    const channels = (text: string) => diarizeParams({ channels: text }).options;
    expect(channels('separate')).toEqual({ channels: 'separate' });
    expect(channels('2')).toEqual({ channels: 2 });
    expect(channels('agent, customer')).toEqual({ channels: 'separate', channelNames: ['agent', 'customer'] });
    expect(embedParams({})).toEqual({});
    expect(embedParams({ start: '1.5', end: '4' })).toEqual({ segments: [{ start: 1.5, end: 4 }] });
    expect(embedParams({ end: '4' })).toEqual({ segments: [{ start: 0, end: 4 }] });
  });

  it('include a file ID with spaces, counted in characters', () => {
    for (const uri of ['Interview mit Jürgen 3', 'a\u00a0b', '😀'.repeat(200)])
      expect(diarizeParams({ uri }).uri).toBe(uri);
  });

  it('are rejected with name, value and the allowed range', () => {
    const cases: [() => unknown, RegExp][] = [
      [() => diarizeParams({ numSpeakers: '2.5' }), /numSpeakers is "2.5", expected a whole number/],
      [() => diarizeParams({ numSpeakers: '-1' }), /numSpeakers is "-1"/],
      [() => diarizeParams({ numSpeaker: '2' }), /unknown option "numSpeaker"/],
      [() => diarizeParams({ exclusive: 'maybe' }), /expected true or false/],
      [() => diarizeParams({ channels: '0' }), /channels is "0", expected "mix"/],
      [() => diarizeParams({ channels: 'a,' }), /a name for each channel/],
      [() => diarizeParams({ uri: 'a\nb' }), /expected up to 200 printable characters/],
      [() => diarizeParams({ uri: 'a\u2028b' }), /printable/],
      [() => diarizeParams({ uri: '\ud800' }), /printable/],
      [() => diarizeParams({ uri: ' ' }), /printable/],
      [() => diarizeParams({ uri: '' }), /printable/],
      [() => diarizeParams({ uri: 'a'.repeat(201) }), /printable/],
      [() => diarizeParams({ known: '{' }), /known is not JSON/],
      [() => diarizeParams({ known: '{}' }), /expected a JSON list/],
      [() => diarizeParams({ known: '[{"name":"a","space":"s","embedding":["x"]}]' }), /expected a JSON list/],
      [() => diarizeParams({ known: '[null]' }), /expected a JSON list/],
      [
        () => diarizeParams({ known: '[{"name":"a","space":"s","embedding":[1],"seconds":0}]' }),
        /expected a JSON list/,
      ],
      [() => diarizeParams({ falseNames: 'few' }), /falseNames is "few", expected a share/],
      [() => diarizeParams({ falseNames: '0.6' }), /falseNames is "0.6", expected a share/],
      [() => diarizeParams({ falseNames: '0' }), /falseNames is "0", expected a share/],
      [() => diarizeParams({ numSpeakers: '0' }), /numSpeakers is 0, expected a whole number from 1 to 100/],
      [() => diarizeParams({ minSpeakers: '3', maxSpeakers: '2' }), /minSpeakers is 3, expected at most maxSpeakers/],
      [() => diarizeParams({ numSpeakers: '2', maxSpeakers: '2' }), /cannot be combined/],
      [() => diarizeParams({ known: '[{"name":"a","space":"s","embedding":[0]}]' }), /voice "a"/],
      [() => embedParams({ start: '1' }), /end is "absent"/],
      [() => embedParams({ start: '3', end: '2' }), /expected more than start \(3\)/],
      [() => embedParams({ end: '1e3' }), /expected a number of seconds/],
      [() => liveRequest({}), /sampleRate is required/],
      [() => liveRequest({ sampleRate: '16000', encoding: 'mp3' }), /expected s16le or f32le/],
      [() => liveRequest({ sampleRate: '16000', foo: '1' }), /unknown option "foo"/],
    ];
    for (const [call, message] of cases) {
      expect(call).toThrow(message);
      expect(call).toThrow(expect.objectContaining({ code: 'invalid-option' }));
    }
  });

  it('have defaults for a live session, and do not include the key', () => {
    expect(liveRequest({ sampleRate: '16000', access_token: 'secret' })).toEqual({
      encoding: 's16le',
      sampleRate: 16_000,
    });
    expect(
      liveRequest({ sampleRate: '8000', encoding: 'f32le', latency: '1.5', step: '0.25', maxSpeakers: '3' }),
    ).toEqual({
      encoding: 'f32le',
      sampleRate: 8000,
      latency: 1.5,
      step: 0.25,
      maxSpeakers: 3,
    });
  });
});
