import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify, writeReport } from '../commands/report.ts';
import { judge } from '../sla.ts';
import { reportCharts } from './charts.ts';
import { claimRows } from './claims.ts';
import { agreement, headlineFigures, verdictOnAgreement } from './figures.ts';
import { loadFixture, reportFixture } from './fixture.ts';
import { changesSince, historyEntry, previousRun, readHistory } from './history.ts';
import { renderHtml } from './html.ts';
import { renderMarkdown } from './markdown.ts';
import { readmeBlock, withReadmeBlock } from './readme.ts';
import { reportSections } from './sections.ts';

const bare = () => {
  const { isolated: _, serving: __, ...rest } = reportFixture();
  return { ...rest, verdicts: judge({ modelP99: undefined, endToEndP99: undefined, successRate: undefined }) };
};

describe('claims', () => {
  it('has a row for every claim of the first report, with ours beside it', () => {
    const rows = claimRows(reportFixture());
    expect(rows.map(({ theirs }) => theirs)).toEqual([
      '7.99 ms',
      '4.05 ms',
      '39 req/s',
      '297 req/s',
      '564 ms',
      '< 10 ms',
      '< 100 ms',
      '< 100 ms',
      '200–300 req/s',
      '100 %',
      '1,000+ req/s',
    ]);
    expect(rows[0]?.ours).toBe('5.00 ms');
    expect(rows[1]?.ours).toBe('4.10 ms');
    expect(rows[2]?.ours).toBe('100 req/s');
    expect(rows[0]?.on).toContain('20 clients, 200 requests, median of 3 runs, 2 workers');
  });

  it('says so where nothing was measured, and never leaves a row out', () => {
    const rows = claimRows(bare());
    expect(rows).toHaveLength(11);
    expect(new Set(rows.map(({ ours }) => ours))).toEqual(new Set(['not measured']));
  });
});

describe('history', () => {
  it('compares with the latest run on the same kind of machine only', () => {
    const report = reportFixture();
    const entry = (date: string, cores: number) => ({ ...historyEntry(report), date, cores });
    const history = [entry('2026-11-20', 2), entry('2026-11-22', 2), entry('2026-11-24', 64), entry('2026-12-01', 2)];
    expect(previousRun(report, history)?.date).toBe('2026-11-22');
    expect(previousRun(report, [])).toBeUndefined();
  });

  it('lists what moved by more than repeated runs do, and which way is better', () => {
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

  it('does not take a broken file for an empty one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'voiceflow-history-'));
    expect(await readHistory(join(folder, 'absent.json'))).toEqual([]);
    await writeFile(join(folder, 'broken.json'), '[{');
    await expect(readHistory(join(folder, 'broken.json'))).rejects.toThrow(SyntaxError);
  });
});

describe('figures', () => {
  it('leave out what was not measured', () => {
    expect(historyEntry(bare()).figures).toEqual({});
    expect(headlineFigures(reportFixture()).find(({ name }) => name === 'model P50, isolated')?.value).toBe(4.1);
    expect(agreement([10, 11, 10.5])).toBeCloseTo(1 / 10.5);
    expect(agreement([1])).toBeUndefined();
  });
});

describe('rendering', () => {
  it('shows a missed promise as missed', () => {
    const verdicts = judge({ modelP99: 12, endToEndP99: 20, successRate: 0.99 });
    const markdown = renderMarkdown(
      't',
      reportSections(reportFixture({ verdicts }), undefined),
      (name) => `${name}.svg`,
    );
    expect(markdown).toContain('| model P99 under load | < 10 ms | 12.0 ms | MISSED |');
    expect(markdown).toContain('| success rate | 100 % | 99.0 % | MISSED |');
    expect(markdown).toContain('| end-to-end P99 | < 100 ms | 20.0 ms | kept |');
  });

  it('says whether WebAssembly keeps its goal against native', () => {
    const rendered = (median: number) => {
      const ratio = { name: 'WASM against native, one thread each', median, lower: median, upper: median, pairs: 10 };
      const runtimes = [{ runtime: 'node', contenders: [], ratios: [ratio], unavailable: {}, coldStart: {} }];
      const backends = { runtimes, skipped: [], profiles: { native: [], wasm: [] } };
      return renderMarkdown('t', reportSections(reportFixture({ backends }), undefined), (name) => name);
    };
    expect(rendered(2.9)).toContain('one thread each, is 2.5×: missed, at 2.90×');
    expect(rendered(2.4)).toContain('one thread each, is 2.5×: kept, at 2.40×');
  });

  it('says whether repeated runs agree', () => {
    expect(verdictOnAgreement(0.065)).toBe('6.5 % apart: they agree (within 10 %)');
    expect(verdictOnAgreement(0.133)).toContain('they do NOT agree');
  });

  it('says what failed, what was refused and what was not measured', () => {
    const markdown = renderMarkdown('t', reportSections(reportFixture(), undefined), (name) => `${name}.svg`);
    expect(markdown).toContain('http-503 50');
    expect(markdown).toContain('- WebGPU: needs a GPU');
    expect(markdown).toContain('![throughput](throughput.svg)');
    expect(markdown).not.toMatch(/undefined|NaN|\[object/);
  });

  it('renders a report with nothing in it', () => {
    const sections = reportSections(bare(), undefined);
    expect(sections.map(({ title }) => title)).toEqual([
      'Summary',
      'The first report, claim by claim',
      'Machine and method',
      'Against the run before',
      'Not measured',
    ]);
    expect(renderMarkdown('t', sections, String)).not.toMatch(/undefined|NaN/);
    expect(reportCharts(bare()).size).toBe(0);
  });

  it('is one HTML file that asks for nothing else and escapes what it shows', () => {
    const report = reportFixture({ notMeasured: ['<script>alert(1)</script> & `code`'] });
    const html = renderHtml('t', reportSections(report, undefined), reportCharts(report));
    expect(html).not.toContain('<script');
    expect(html).toContain('&#60;script&#62;');
    expect(html).toContain('<code>code</code>');
    expect(html.match(/<svg/g)).toHaveLength(4);
    expect(html).not.toMatch(/\b(src|href)=/);
  });
});

describe('writeReport', () => {
  it('writes JSON that reads back, Markdown with its charts beside it, HTML and the history', async () => {
    const folder = join(await mkdtemp(join(tmpdir(), 'voiceflow-report-')), 'results');
    const report = reportFixture();
    const name = await writeReport(report, folder, true);
    expect(name).toBe('2026-11-25-abcdef01');
    const files = await readdir(folder);
    const markdown = await readFile(join(folder, `${name}.md`), 'utf8');
    for (const [, file] of markdown.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)) expect(files).toContain(file);
    expect(JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(report)),
    );
    const history = join(folder, '..', 'history.json');
    expect(await readHistory(history)).toHaveLength(1);
    await writeReport(report, folder, true);
    expect(await readHistory(history)).toHaveLength(1);
    await writeReport({ ...report, date: '2026-11-26T12:00:00.000Z' }, folder, false);
    expect(await readHistory(history)).toHaveLength(1);
  });

  it('keeps raw samples on one line', () => {
    const value = { samples: [1.5, 2, -3e-7], nested: [{ a: [1] }], text: '[1, 2]', empty: [] };
    const text = stringify(value);
    expect(text).toContain('"samples": [1.5,2,-3e-7]');
    expect(JSON.parse(text)).toEqual(value);
  });
});

describe('README block', () => {
  it('replaces what is between the markers and nothing else', () => {
    const readme = 'before\n<!-- bench:start -->\nold\n<!-- bench:end -->\nafter\n';
    const block = readmeBlock(reportFixture(), 'name');
    const updated = withReadmeBlock(readme, block);
    expect(updated).toBe(`before\n<!-- bench:start -->\n${block}\n<!-- bench:end -->\nafter\n`);
    expect(withReadmeBlock(updated ?? '', block)).toBe(updated);
    expect(withReadmeBlock('no markers', block)).toBeUndefined();
    expect(block).toContain('4.10 ms (P50)');
    expect(block).toContain('bench/results/name.md');
    expect(block).not.toContain('noisy');
  });
});
