import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { memoryNeeded, memoryWarning } from './memory.ts';
import { resolveOptions } from './options.ts';

const DEPLOY = fileURLToPath(new URL('../../../../../deploy/', import.meta.url));
const GIB = 2 ** 30;

/** What the files of deploy/ set, found by their text: the test of their structure is tests/bench/deploy.test.ts. */
function deployed(file: string): Record<string, string> {
  const text = readFileSync(DEPLOY + file, 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/(VOICEFLOW_[A-Z_]+)(?:, value)?: "?(\d+)"?/g)].map((match) => [match[1] ?? '', match[2] ?? '']),
  );
}

describe('the memory requirement of the server', () => {
  it('causes a warning if the container has less', () => {
    const options = resolveOptions({}, {}, 2);
    expect(memoryWarning(options, GIB)).toMatchObject({
      level: 'warn',
      hint: expect.stringMatching(/1074 MB, and 2 workers/),
    });
    expect(memoryWarning(options, 2 * GIB)).toBeUndefined();
  });

  it.each(['kubernetes/deployment.yaml', 'kserve/inference-service.yaml', 'compose.yaml'])(
    'is within the 1 GiB of %s',
    (file) => {
      const env = deployed(file);
      const options = resolveOptions({ workers: Number(env.VOICEFLOW_WORKERS) }, { ...env, VOICEFLOW_PORT: '' }, 64);
      expect(options.limits.queueBytes).toBeLessThan(200 * 2 ** 20);
      expect(memoryNeeded(options)).toBeLessThan(GIB);
      expect(readFileSync(DEPLOY + file, 'utf8')).toMatch(/memory: 1Gi|mem_limit: 1g/);
    },
  );
});
