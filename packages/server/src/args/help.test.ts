import { expect, it } from 'vitest';
import { asksForHelp, listOptions } from './help.ts';
import { choice, flag, integer, text } from './options.ts';

it('lists options with value, letter, default and variable, in columns', () => {
  const options = {
    runs: integer([1, 10], 3, 'how often'),
    format: { ...choice(['json', 'rttm'], 'of what is written, which takes more than one line here'), short: 'f' },
    host: { ...text('HOST', 'where to listen'), env: 'VOICEFLOW_HOST' },
    'a-name-that-is-long': text('WITH-A-LONG-VALUE', 'below'),
    json: flag('as JSON'),
  };
  expect(listOptions(options, 70).join('\n')).toBe(`  --runs 3                          how often
  -f, --format json|rttm            of what is written, which takes
                                    more than one line here
  --host HOST                       where to listen [VOICEFLOW_HOST]
  --a-name-that-is-long WITH-A-LONG-VALUE
                                    below
  --json                            as JSON
  -h, --help                        show this help`);
});

it('detects a request for help, but not after --', () => {
  expect(asksForHelp(['x', '-h'])).toBe(true);
  expect(asksForHelp(['--', '--help'])).toBe(false);
});
