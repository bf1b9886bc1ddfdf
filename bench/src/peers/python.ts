import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { figures, ms } from '../format.ts';
import { closedLoop, warmUp as send } from '../load/loops.ts';
import type { LoadResult } from '../load/recorder.ts';
import { inferTarget } from '../load/target.ts';
import { REPOSITORY } from '../machine.ts';
import { freePort, type ManagedProcess, startProcess } from '../managed-process.ts';
import { FAST_CNN } from '../model/files.ts';
import { startServer } from '../server-under-test.ts';
import { pairedRatio } from '../stats/ratio.ts';
import { median } from '../stats/summary.ts';
import type { PeerResult } from './result.ts';

const run = promisify(execFile);
const FOLDER = `${REPOSITORY}bench/peers/python`;
const CLIENTS = 20;
/** Requests before each round, which open the round's connections. */
const WARM_CONNECTIONS = 40;

/** A Python with the required packages; undefined without one. `VOICEFLOW_PYTHON` selects another. */
export async function findPython(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<string | undefined> {
  const named = env.VOICEFLOW_PYTHON;
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

interface Round {
  readonly load: LoadResult;
  /** CPU milliseconds of the server per request. */
  readonly cpu: number | undefined;
}

export interface PeerPlan {
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
  await using theirs = await startProcess({ command: python, args, readyUrl: `${url}/readyz` });
  await using ours = await startServer();
  await loadOne(url, theirs, 1, warmUp);
  await loadOne(ours.url, ours, 1, warmUp);
  const measured: { readonly theirs: Round; readonly ours: Round }[] = [];
  for (let round = 0; round < rounds; round++) {
    measured.push({ theirs: await loadOne(url, theirs, requests), ours: await loadOne(ours.url, ours, requests) });
  }
  const { stdout } = await run(python, [
    '-c',
    'import sys, onnxruntime; print(sys.version.split()[0], onnxruntime.__version__)',
  ]);
  const [version = '', runtime = ''] = stdout.trim().split(' ');
  return describe(measured, `Python ${version}, onnxruntime ${runtime}`, theirs.usage()?.rss, ours.usage()?.rss);
}

async function loadOne(
  url: string,
  server: ManagedProcess,
  requests: number,
  before = WARM_CONNECTIONS,
): Promise<Round> {
  using target = inferTarget(url, CLIENTS);
  await send(target, before, CLIENTS);
  const used = server.usage();
  const load = await closedLoop(target, { requests, concurrency: CLIENTS });
  const after = server.usage();
  return { load, cpu: used && after && (1000 * (after.cpuSeconds - used.cpuSeconds)) / load.requests };
}

function describe(
  rounds: readonly { readonly theirs: Round; readonly ours: Round }[],
  version: string,
  theirRss: number | undefined,
  ourRss: number | undefined,
): PeerResult {
  const column = (side: 'theirs' | 'ours', read: (round: Round) => number | undefined) =>
    rounds.map((round) => read(round[side]) ?? Number.NaN);
  const throughput = (round: Round) => round.load.throughput;
  const lines = (['theirs', 'ours'] as const).map((side) => {
    const rss = side === 'theirs' ? theirRss : ourRss;
    const cpu = median(column(side, (round) => round.cpu));
    return [
      side === 'theirs' ? 'FastAPI' : 'VoiceFlow',
      `${figures(median(column(side, throughput)))} req/s`,
      `latency P50 ${ms(median(column(side, (round) => round.load.latency?.p50)))}, P99 ${ms(median(column(side, (round) => round.load.latency?.p99)))}`,
      `model P99 ${ms(median(column(side, (round) => round.load.server.model?.p99)))}`,
      `success ${(100 * Math.min(...column(side, (round) => round.load.successRate))).toFixed(1)} %`,
      `${ms(cpu)} CPU a request`,
      ...(rss === undefined ? [] : [`${figures(rss)} MB`]),
    ].join(' · ');
  });
  const ratio = pairedRatio(column('ours', throughput), column('theirs', throughput));
  if (ratio)
    lines.push(
      `VoiceFlow answers ${figures(ratio.median)}× as many requests a second (median of ${ratio.pairs} pairs)`,
    );
  return {
    name: 'FastAPI + uvicorn + onnxruntime, the same ONNX file, 20 clients',
    version,
    lines,
    figures: {
      throughput: median(column('theirs', throughput)),
      p99: median(column('theirs', (round) => round.load.latency?.p99)),
      ratio: ratio?.median,
    },
  };
}
