import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { figures, ms } from '../format.ts';
import { REPOSITORY } from '../machine.ts';
import { freePort, startProcess } from '../managed-process.ts';
import { FAST_CNN } from '../model/files.ts';
import { loadServer, startServer } from '../server-under-test.ts';
import { pairedRatio } from '../stats/ratio.ts';
import { median } from '../stats/summary.ts';
import type { PeerResult } from './result.ts';

const run = promisify(execFile);
const FOLDER = `${REPOSITORY}bench/peers/python`;
const CLIENTS = 20;
/** Requests before each round, which open the round's connections. */
const WARM_CONNECTIONS = 40;

/** A Python with the required packages; undefined without one. `VOICEFLOW_PYTHON` selects another. */
export async function findPython(): Promise<string | undefined> {
  const named = process.env.VOICEFLOW_PYTHON;
  for (const python of named === undefined ? [`${FOLDER}/.venv/bin/python`, 'python3'] : [named]) {
    try {
      await run(python, ['-c', 'import fastapi, numpy, onnxruntime, uvicorn'], { timeout: 60_000 });
      return python;
    } catch {
      // The next candidate may have them.
    }
  }
  return undefined;
}

export const PYTHON_MISSING =
  'the Python server lacks its packages: python3 -m venv bench/peers/python/.venv && bench/peers/python/.venv/bin/pip install -r bench/peers/python/requirements.txt';

type Round = Awaited<ReturnType<typeof loadServer>>;

interface PeerPlan {
  readonly rounds: number;
  readonly requests: number;
  /** Requests to each server before the measurement, because our server's code is compiled while it runs. */
  readonly warmUp: number;
}

/**
 * Repeats the setting of the first report: 20 clients, the same network, the same load. The Python server and ours are
 * measured in turns, so that both have the same conditions.
 */
export async function measurePython(python: string, { rounds, requests, warmUp }: PeerPlan): Promise<PeerResult> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [`${FOLDER}/server.py`, FAST_CNN, String(port)];
  await using started = await startProcess({ command: python, args, readyUrl: `${url}/readyz` });
  const theirs = { ...started, url };
  await using ours = await startServer();
  await loadServer(theirs, CLIENTS, 1, warmUp);
  await loadServer(ours, CLIENTS, 1, warmUp);
  const [theirRounds, ourRounds]: [Round[], Round[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    theirRounds.push(await loadServer(theirs, CLIENTS, requests, WARM_CONNECTIONS));
    ourRounds.push(await loadServer(ours, CLIENTS, requests, WARM_CONNECTIONS));
  }
  const { stdout } = await run(python, [
    '-c',
    'import sys, onnxruntime; print(sys.version.split()[0], onnxruntime.__version__)',
  ]);
  const [version = '', runtime = ''] = stdout.trim().split(' ');
  const name = `Python ${version}, onnxruntime ${runtime}`;
  return describe(theirRounds, ourRounds, name, theirs.usage()?.rss, ours.usage()?.rss);
}

function describe(
  theirs: readonly Round[],
  ours: readonly Round[],
  version: string,
  theirRss: number | undefined,
  ourRss: number | undefined,
): PeerResult {
  const lines = [lineOf('FastAPI', theirs, theirRss), lineOf('VoiceFlow', ours, ourRss)];
  const ratio = pairedRatio(ours.map(throughput), theirs.map(throughput));
  if (ratio)
    lines.push(
      `VoiceFlow answers ${figures(ratio.median)}× as many requests a second (median of ${ratio.pairs} pairs)`,
    );
  return {
    name: 'FastAPI + uvicorn + onnxruntime, the same ONNX file, 20 clients',
    version,
    lines,
    figures: {
      throughput: median(theirs.map(throughput)),
      p99: middle(theirs, ({ load }) => load.latency?.p99),
      ratio: ratio?.median,
    },
  };
}

function lineOf(name: string, rounds: readonly Round[], rss: number | undefined): string {
  return [
    name,
    `${figures(median(rounds.map(throughput)))} req/s`,
    `latency P50 ${ms(middle(rounds, ({ load }) => load.latency?.p50))}, P99 ${ms(middle(rounds, ({ load }) => load.latency?.p99))}`,
    `model P99 ${ms(middle(rounds, ({ load }) => load.server.model?.p99))}`,
    `success ${(100 * Math.min(...rounds.map(({ load }) => load.successRate))).toFixed(1)} %`,
    `${ms(middle(rounds, ({ cpu }) => cpu))} CPU a request`,
    ...(rss === undefined ? [] : [`${figures(rss)} MB`]),
  ].join(' · ');
}

function throughput({ load }: Round): number {
  return load.throughput;
}

function middle(rounds: readonly Round[], figure: (round: Round) => number | undefined): number {
  return median(rounds.map((round) => figure(round) ?? Number.NaN));
}
