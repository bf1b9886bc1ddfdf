import { parseOptions } from '@voiceflow-ml/server/args';
import { expect, it } from 'vitest';
import { SUBMIT_OPTIONS, submitOptions, uriOf } from './server.ts';

const options = (...args: string[]) => submitOptions(parseOptions(args, SUBMIT_OPTIONS).values);

it('submitOptions takes the priorities of the server, and refuses contradictory numbers of speakers', () => {
  expect(options('--priority', '-100', '--min', '2', '--max', '2')).toEqual({
    minSpeakers: 2,
    maxSpeakers: 2,
    exclusive: false,
    voices: false,
    priority: -100,
  });
  expect(options('--priority', '100', '--speakers', '3')).toMatchObject({ priority: 100, numSpeakers: 3 });
  expect(() => options('--priority', '101')).toThrow('a whole number from -100 to 100');
  expect(() => options('--min', '5', '--max', '2')).toThrow('--min is 5, expected at most --max (2)');
  expect(() => options('--speakers', '2', '--max', '3')).toThrow('--speakers is exact');
});

it('uriOf keeps the name of a recording, except what the server refuses', () => {
  expect(uriOf('two words')).toBe('two words');
  expect(uriOf('a\nb\u2028c')).toBe('a_b_c');
  expect(uriOf(`${'a'.repeat(199)}😀`)).toBe(`${'a'.repeat(199)}_`);
  expect([uriOf(''), uriOf(' ')]).toEqual([undefined, undefined]);
});
