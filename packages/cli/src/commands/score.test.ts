import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Io } from '../io.ts';
import { run } from '../run.ts';

/** Pairs of files with the figures of NIST md-eval 22; development data, not in the repository. */
const ORACLES = new URL('../../../../../shared/oracles/scoring/', import.meta.url);
const present = existsSync(ORACLES);
const path = (name: string) => fileURLToPath(new URL(name, ORACLES));

/** The command in this process: what it writes to stdout. */
async function score(...args: string[]): Promise<string> {
  let text = '';
  const screen = { isTerminal: false, columns: 80, colorDepth: 1, unicode: true };
  const out = async (more: string) => {
    text += more;
  };
  const io: Io = { screen, errorScreen: screen, out, err: () => {} };
  expect(await run(['score', ...args], { io, signal: new AbortController().signal, handOverSignals: () => {} })).toBe(
    0,
  );
  return text;
}

interface Case {
  readonly flags?: readonly string[];
  readonly scores: Record<string, Record<string, { mdeval?: Record<string, (number | null)[]>; tie?: unknown }>>;
}

describe.skipIf(!present)(`voiceflow score${present ? '' : ' (skipped: ../shared/oracles/scoring is absent)'}`, () => {
  it('prints the same figures as md-eval for every pair and setting with a unique best mapping', async () => {
    const { cases }: { cases: Record<string, Case> } = JSON.parse(readFileSync(path('expected.json'), 'utf8'));
    const different: string[] = [];
    let compared = 0;
    for (const [name, { flags = [], scores }] of Object.entries(cases)) {
      for (const [mode, settings] of Object.entries(scores)) {
        const where =
          mode === 'uem' ? ['--uem', path(`${name}.uem`)] : ['--extent', mode === 'union' ? 'union' : 'reference'];
        for (const [setting, { mdeval, tie }] of Object.entries(settings)) {
          const [, collar = '', overlap] = /^c([\d.]+)_(score|skip)$/.exec(setting) ?? [];
          const all = mdeval?.ALL;
          if (overlap === undefined || all === undefined || tie !== undefined || flags.includes('tied_mapping'))
            continue;
          const options = [...where, '--collar', collar, ...(overlap === 'skip' ? ['--skip-overlap'] : [])];
          const text = await score(path(`${name}.ref.rttm`), path(`${name}.sys.rttm`), ...options, '--json');
          const { scored, miss, falseAlarm, confusion, der } = JSON.parse(text).total;
          const own = [scored, miss, falseAlarm, confusion, der];
          if (all.some((value, i) => Math.abs((own[i] ?? 0) - (value ?? 0)) >= 0.01))
            different.push(`${name} ${mode} ${setting}: ${own}, expected ${all}`);
          compared++;
        }
      }
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(2500);
  });
});
