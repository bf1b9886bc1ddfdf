import { describe, expect, it } from 'vitest';
import { parseServeArgs, resolveOptions } from './options.ts';

describe('options of the program', () => {
  it('are read from the command line, then the environment, then the defaults', () => {
    const env = { VOICEFLOW_NICE: '3', VOICEFLOW_PORT: '9000', VOICEFLOW_CORS: 'https://a, https://b' };
    expect(parseServeArgs([], {})).toMatchObject({ nice: 5, open: false });
    expect(parseServeArgs([], env)).toMatchObject({ nice: 3, port: 9000, corsOrigins: ['https://a', 'https://b'] });
    expect(parseServeArgs(['--nice', '0', '--port', '1'], env)).toMatchObject({ nice: 0, port: 1 });
  });

  it('are rejected by name if they are invalid', () => {
    for (const nice of ['-1', '20', 'much']) {
      expect(() => parseServeArgs([`--nice=${nice}`], {})).toThrow(
        `--nice is "${nice}", expected a whole number from 0 to 19`,
      );
    }
    expect(() => parseServeArgs(['--foo'], {})).toThrow(/--foo/);
    expect(() => parseServeArgs([], { VOICEFLOW_BACKEND: 'native' })).toThrow(/VOICEFLOW_BACKEND is "native"/);
    expect(() => parseServeArgs(['--model', 'lihgt'], {})).toThrow(/--model is "lihgt", expected one of standard, /);
    expect(() => parseServeArgs(['stray'], {})).toThrow(/unexpected argument "stray"/);
    expect(() => resolveOptions({ workers: 0 }, {}, 2)).toThrow(/workers is 0/);
    expect(() => resolveOptions({ host: '0.0.0.0' }, {}, 2)).toThrow(/without API keys/);
  });
});
