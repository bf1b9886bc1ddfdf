import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadFixture, reportFixture } from '../../../tests/bench/report-fixture.ts';
import { writeReport } from '../commands/report.ts';
import { judge } from '../sla.ts';
import { agreement, headlineFigures, verdictOnAgreement } from './figures.ts';
import { changesSince, historyEntry, previousRun, readHistory } from './history.ts';
import { renderSections } from './markdown.ts';
import { readmeBlock, withReadmeBlock } from './readme.ts';
import { reportSections } from './sections.ts';

const bare = () => {
  const { isolated: _, serving: __, ...rest } = reportFixture();
  return { ...rest, verdicts: judge({ modelP99: undefined, endToEndP99: undefined, successRate: undefined }) };
};

describe('history', () => {
  it('compares with the latest run on the same kind of machine only', () => {
    const report = reportFixture();
    const entry = (date: string, cores: number) => ({ ...historyEntry(report), date, cores });
    const history = [entry('2026-11-20', 2), entry('2026-11-22', 2), entry('2026-11-24', 64), entry('2026-12-01', 2)];
    expect(previousRun(report, history)?.date).toBe('2026-11-22');
    expect(previousRun(report, [])).toBeUndefined();
  });

  it('lists changes that exceed the variation of repeated runs, and whether they are improvements', () => {
    const before = historyEntry(reportFixture());
    const serving = reportFixture().serving;
    if (serving === undefined) throw new Error('the fixture has no server');
    const closed = { ...loadFixture(30, 5.2), throughput: 150 };
    const changes = changesSince(reportFixture({ serving: { ...serving, closed } }), before);
    expect(changes.map(({ figure, better }) => [figure.name, better])).toEqual([
      ['latency P99, 20 clients', false],
      ['throughput, 20 clients', true],
    ]);
  });

  it('does not read a corrupt file as an empty one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'voiceflow-history-'));
    expect(await readHistory(join(folder, 'absent.json'))).toEqual([]);
    await writeFile(join(folder, 'broken.json'), '[{');
    await expect(readHistory(join(folder, 'broken.json'))).rejects.toThrow(SyntaxError);
  });
});

describe('figures', () => {
  it('omit what was not measured', () => {
    expect(historyEntry(bare()).figures).toEqual({});
    expect(headlineFigures(reportFixture()).find(({ name }) => name === 'model P50, isolated')?.value).toBe(4.1);
    expect(agreement([10, 11, 10.5])).toBeCloseTo(1 / 10.5);
    expect(agreement([1])).toBeUndefined();
  });
});

describe('rendering', () => {
  it('marks a missed limit', () => {
    const verdicts = judge({ modelP99: 12, endToEndP99: 20, successRate: 0.99 });
    const markdown = renderSections(reportSections(reportFixture({ verdicts }), undefined));
    expect(markdown).toContain('| model P99 under load | < 10 ms | 12.0 ms | MISSED |');
    expect(markdown).toContain('| success rate | 100 % | 99.0 % | MISSED |');
    expect(markdown).toContain('| end-to-end P99 | < 100 ms | 20.0 ms | kept |');
  });

  it('states whether WebAssembly meets its goal relative to native', () => {
    const rendered = (median: number) => {
      const ratio = { name: 'WASM against native, one thread each', median, lower: median, upper: median, pairs: 10 };
      const runtimes = [{ runtime: 'node', contenders: [], ratios: [ratio], unavailable: {}, coldStart: {} }];
      const backends = { runtimes, skipped: [] };
      return renderSections(reportSections(reportFixture({ backends }), undefined));
    };
    expect(rendered(2.9)).toContain('one thread each, is 2.5×: missed, at 2.90×');
    expect(rendered(2.4)).toContain('one thread each, is 2.5×: kept, at 2.40×');
  });

  it('states whether repeated runs agree', () => {
    expect(verdictOnAgreement(0.065)).toBe('6.5 % apart: they agree (within 10 %)');
    expect(verdictOnAgreement(0.133)).toContain('they do NOT agree');
  });

  it('lists failures, rejections and missing measurements', () => {
    const markdown = renderSections(reportSections(reportFixture(), undefined));
    expect(markdown).toContain('http-503 50');
    expect(markdown).toContain('- WebGPU: needs a GPU');
    expect(markdown).toContain('xychart-beta\n  title "Throughput against concurrency"');
    expect(markdown).toContain('Lines: P50, P99.');
    expect(markdown).not.toMatch(/undefined|NaN|\[object/);
  });

  it('renders an empty report', () => {
    const sections = reportSections(bare(), undefined);
    expect(sections.map(({ title }) => title)).toEqual([
      'Summary',
      'Machine and method',
      'Compared with the previous run',
      'Not measured',
    ]);
    expect(renderSections(sections)).not.toMatch(/undefined|NaN/);
  });
});

describe('writeReport', () => {
  it('writes readable JSON, Markdown, and the history', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'voiceflow-report-')), 'results');
    const report = reportFixture();
    await writeReport(report, folder, true);
    expect((await readdir(folder)).sort()).toEqual(['latest.json', 'latest.md']);
    expect(JSON.parse(await readFile(join(folder, 'latest.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(report)));
    const history = join(folder, '..', 'history.json');
    expect(await readHistory(history)).toHaveLength(1);
    await writeReport(report, folder, true);
    expect(await readHistory(history)).toHaveLength(1);
    await writeReport({ ...report, date: '2026-11-26T12:00:00.000Z' }, folder, false);
    expect(await readHistory(history)).toHaveLength(1);
  });
});

describe('README block', () => {
  it('replaces only the text between the markers', () => {
    const readme = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n';
    const block = readmeBlock(reportFixture());
    const updated = withReadmeBlock(readme, block);
    expect(updated).toBe(`before\n<!-- bench:start -->\n${block}\n<!-- bench:end -->\nafter\n`);
    expect(withReadmeBlock(updated ?? '', block)).toBe(updated);
    expect(withReadmeBlock('no markers', block)).toBeUndefined();
    expect(block).toContain('4.10 ms (P50)');
    expect(block).toContain('bench/results/latest.md');
    expect(block).not.toContain('noisy');
  });
});
