import { figures, ms, percent } from '../format.ts';
import { agreement, headlineFigures, verdictOnAgreement } from './figures.ts';
import { changesSince, type HistoryEntry } from './history.ts';
import { LATENCY, list, type Section, table, latency as times } from './markdown.ts';
import { endToEnd, latency, throughput } from './serving-sections.ts';
import type { Report } from './types.ts';

/** All sections with figures. The last one lists what is missing. */
export function reportSections(report: Report, before: HistoryEntry | undefined): Section[] {
  const { serving } = report;
  const sections: (Section | undefined)[] = [
    summary(report),
    serving && latency(serving),
    serving && throughput(serving),
    serving && endToEnd([serving.endToEnd, serving.endToEndLoaded]),
    report.backends && backends(report.backends),
    report.speed && pipelines(report.speed),
    report.accuracy && accuracy(report.accuracy),
    scaleOut(report),
    peers(report),
    machine(report),
    comparison(report, before),
    { title: 'Not measured', blocks: [list(report.notMeasured)] },
  ];
  return sections.filter((section) => section !== undefined);
}

function summary(report: Report): Section {
  const verdicts = report.verdicts.map(({ name, limit, measured, unit, kept }) => [
    name,
    limit,
    measured === undefined ? 'not measured' : `${figures(measured)} ${unit}`,
    kept ? 'kept' : 'MISSED',
  ]);
  const headlines = headlineFigures(report).filter(({ value }) => value !== undefined);
  return {
    title: 'Summary',
    blocks: [
      table(['promise', 'limit', 'measured', 'verdict'], verdicts),
      table(
        ['figure', 'value'],
        headlines.map(({ name, unit, value }) => [name, `${figures(value ?? 0)} ${unit}`.trim()]),
      ),
      `The machine was ${report.noise.verdict}.`,
    ],
  };
}

/** Target for WASM: at most this many times the P50 of native, with one thread each. */
const WASM_GOAL = 2.5;

export function backends({ runtimes }: NonNullable<Report['backends']>): Section {
  const blocks = runtimes.flatMap(({ runtime, contenders, ratios, coldStart, unavailable }) => [
    `**${runtime}**, milliseconds of one run of fast-cnn (×4, ×8: batches):`,
    table(
      ['', ...LATENCY, 'a second of audio', 'CPU'],
      contenders.map(({ name, latency, perSecond, cpu }) => [name, ...times(latency), ms(perSecond), ms(cpu)]),
    ),
    table(
      ['in pairs of one run', 'ratio', 'middle half'],
      ratios.map(({ name, median, lower, upper }) => [
        name,
        `${figures(median)}×`,
        `${figures(lower)}–${figures(upper)}×`,
      ]),
    ),
    list([
      ...Object.entries(coldStart).map(
        ([engine, cold]) =>
          `cold start, ${engine}: ${ms(cold?.p50)} from the start of the process to its first result (P50 of ${cold?.count})`,
      ),
      ...Object.entries(unavailable).map(([name, why]) => `not run, ${name}: ${why}`),
    ]),
  ]);
  const ratio = runtimes[0]?.ratios.find(({ name }) => name.startsWith('WASM against native, one'));
  if (ratio !== undefined) {
    const kept = ratio.median <= WASM_GOAL ? 'kept' : 'missed';
    blocks.push(
      `The goal for WASM against native, one thread each, is ${WASM_GOAL}×: ${kept}, at ${figures(ratio.median)}×.`,
    );
  }
  return { title: 'Backends', blocks };
}

function pipelines(speed: NonNullable<Report['speed']>): Section {
  const head = ['pipeline', 'recording', 'real-time factor', 'CPU factor', 'in the network', 'load', 'peak memory'];
  const rows = speed.map(({ pipeline, backend, recording, rtf, cpuFactor, modelShare, load, peakRss, speakers }) => [
    `${pipeline}, ${backend}`,
    recording,
    figures(rtf),
    figures(cpuFactor),
    percent(modelShare),
    ms(load),
    `${figures(peakRss)} MB`,
    String(speakers),
  ]);
  return { title: 'Pipelines on recordings', blocks: [table([...head, 'speakers'], rows)] };
}

function accuracy(entries: NonNullable<Report['accuracy']>): Section {
  const head = ['pipeline', 'set', 'recordings', 'DER', 'miss', 'false alarm', 'confusion', 'JER'];
  const rows = entries.map(({ pipeline, set, recordings, countError, rtf, ...rates }) => [
    pipeline,
    set,
    String(recordings),
    ...[rates.der, rates.miss, rates.falseAlarm, rates.confusion, rates.jer].map((rate) => `${rate.toFixed(1)} %`),
    figures(countError),
    figures(rtf),
  ]);
  const how = 'No collar, overlapped speech scored, number of speakers not given.';
  return { title: 'Accuracy', blocks: [how, table([...head, 'speakers off by', 'real-time factor'], rows)] };
}

function scaleOut(report: Report): Section | undefined {
  if (report.scaleOut === undefined) return undefined;
  const rows = report.scaleOut.map((result) => [
    `${result.servers}${result.killed ? ', one killed half-way' : ''}`,
    figures(result.throughput),
    ms(result.p50),
    ms(result.p99),
    `${result.succeeded} of ${result.requests}`,
    String(result.retried),
    result.spread.join(' / '),
  ]);
  return {
    title: 'Scaling out',
    blocks: [
      `Servers of one worker each behind nginx with \`deploy/nginx/voiceflow.conf\`, 20 clients; all share the ${report.machine.cores} processors of this machine with nginx and the generator, so more servers than processors cannot bring more.`,
      table(['servers', 'req/s', 'P50', 'P99', 'success', 'retried', 'answers by server'], rows),
    ],
  };
}

function peers(report: Report): Section | undefined {
  if (report.peers === undefined || report.peers.length === 0) return undefined;
  return {
    title: 'Peers',
    blocks: report.peers.flatMap(({ name, version, lines }) => [`**${name}** (${version})`, list(lines)]),
  };
}

function machine(report: Report): Section {
  const { cpu, cores, memory, system, runtime, versions, load, commit } = report.machine;
  const items = [
    `${cores} × ${cpu}, ${memory} GB, ${system}; load average before the run ${figures(load)}`,
    `${runtime}, ${Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}`,
    `commit ${commit}, ${report.date}, ${Math.round(report.seconds)} s`,
    `noise: ${report.noise.verdict}`,
    ...repeats(report),
  ];
  if (report.generator !== undefined) {
    const { rate, open } = report.generator;
    items.push(
      `the load generator's own cost at ${rate} req/s of 192 kB against a server without work (it shares the server's cores, and gives way by niceness): ${ms(open.generatorCpu)} of CPU per request, sent late by ${ms(open.lateness?.p50)} (P50), ${ms(open.lateness?.p99)} (P99), latency ${ms(open.uncorrected?.p50)} (P50), ${ms(open.uncorrected?.p99)} (P99), ${percent(open.successRate)} answered`,
    );
  }
  return { title: 'Machine and method', blocks: [list(items)] };
}

/** A line about whether repeats of the same measurement agree. */
function repeats({ isolated }: Report): string[] {
  const medians = isolated?.map(({ latency }) => latency.p50) ?? [];
  const apart = agreement(medians);
  return apart === undefined
    ? []
    : [`repeats: the network alone took ${medians.map(ms).join(', ')} (P50), ${verdictOnAgreement(apart)}`];
}

function comparison(report: Report, before: HistoryEntry | undefined): Section {
  const title = 'Compared with the previous run';
  if (before === undefined)
    return { title, blocks: ['There is no earlier run on this kind of machine in bench/history.json.'] };
  const changes = changesSince(report, before);
  const head = `Compared with ${before.commit} of ${before.date.slice(0, 16).replace('T', ' ')} on the same kind of machine${before.noisy || report.noise.noisy ? ' (at least one of the two runs was noisy)' : ''}; changes within 10 % are not listed.`;
  if (changes.length === 0) return { title, blocks: [head, 'No changes.'] };
  const rows = changes.map(({ figure, before: old, change, better }) => [
    figure.name,
    figures(old),
    figures(figure.value ?? 0),
    `${change > 0 ? '+' : ''}${(100 * change).toFixed(0)} %`,
    better ? 'better' : 'WORSE',
  ]);
  return { title, blocks: [head, table(['figure', 'before', 'now', 'change', ''], rows)] };
}
