import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runPart } from './inner.ts';

/** A script that does as its first argument says. */
const SCRIPT = `
const [how] = process.argv.slice(2);
if (how === 'hang-at-exit') { console.log('all of it\\n\\u0004'); setInterval(() => {}, 1000); }
if (how === 'large') console.log('x'.repeat(3_000_000) + '\\u0004');
if (how === 'fail') { console.log('half'); console.error('no luck'); process.exitCode = 3; }
if (how === 'hang') setInterval(() => {}, 1000);
`;

describe('runPart', () => {
  let script = '';
  beforeAll(async () => {
    script = join(await mkdtemp(join(tmpdir(), 'voiceflow-part-')), 'part.cjs');
    await writeFile(script, SCRIPT);
  });

  it('returns the output of a process that does not exit', async () => {
    expect(await runPart(['hang-at-exit'], { script })).toBe('all of it\n');
    expect(await runPart(['large'], { script })).toHaveLength(3_000_000);
  });

  it('rejects the partial output of a failed process', async () => {
    const failed = runPart(['fail'], { script });
    await expect(failed).rejects.toMatchObject({
      code: 'backend-failed',
      message: expect.stringMatching(/ended with 3.*no luck/s),
    });
  });

  it('rejects after the timeout, on abort, and if the process cannot start', async () => {
    await expect(runPart(['hang'], { script, timeoutMs: 300 })).rejects.toThrow(/given up after 0.3 s/);
    const stop = new AbortController();
    const stopped = runPart(['hang'], { script, signal: stop.signal });
    stop.abort();
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    await expect(runPart([], { script, command: '/no/such/runtime' })).rejects.toThrow(/did not start/);
  });
});
