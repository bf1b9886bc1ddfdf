import {
  type BenchCommand,
  type BenchIo,
  choiceFlag,
  countFlag,
  type Flags,
  numberFlag,
  optionalNumber,
  parseFlags,
  textFlag,
} from '../args.ts';
import { GENERATOR_RATE, measureGenerator } from '../load/calibrate.ts';
import { formatLoad, formatVerdicts } from '../load/format.ts';
import { closedLoop, openLoop, warmUp } from '../load/loops.ts';
import type { LoadResult } from '../load/recorder.ts';
import { formatSessions, runSessions } from '../load/sessions.ts';
import { createHttpTarget, INFER_ANSWER_BYTES, type Target } from '../load/target.ts';
import { withServer } from '../server-under-test.ts';
import { judge, type Verdict } from '../sla.ts';
import { noise, seededRandom } from '../stats/random.ts';

const FLAGS = {
  url: 'string',
  requests: 'string',
  concurrency: 'string',
  rate: 'string',
  duration: 'string',
  arrivals: 'string',
  connections: 'string',
  timeout: 'string',
  warmup: 'string',
  accept: 'string',
  seed: 'string',
  workers: 'string',
  sessions: 'string',
  calibrate: 'boolean',
  json: 'boolean',
  check: 'boolean',
} as const;

const WINDOW = 48_000;

export const load: BenchCommand = {
  summary: 'load a server: closed loop, open loop, or live sessions',
  help: `npm run bench -- load [--url http://HOST:PORT] [options]

Without --url a server of this repository is started (and stopped) for the test.

  --requests 200      how many requests in the closed loop
  --concurrency 20    clients that each wait for their answer
  --rate R            open loop instead: R requests a second, answered or not
  --duration 10       seconds of the open loop, or of each live session
  --arrivals even     even, or poisson (seeded)
  --connections 256   keep-alive connections of the open loop at most
  --sessions N        live sessions over WebSocket instead, each in real time
  --timeout 30000     milliseconds until a request has failed
  --warmup 400        requests before anything counts
  --accept binary     binary, or json
  --workers N         workers of the server started here
  --seed 1            of arrivals and audio
  --calibrate         the generator's own cost: an open loop (--rate 2000) against a server that does nothing
  --check             exit with 1 when a promise (SLA) is missed
  --json              the result as JSON

Examples
  npm run bench -- load --url http://127.0.0.1:8080 --requests 2000 --concurrency 20
  npm run bench -- load --url http://127.0.0.1:8080 --rate 150 --duration 30 --arrivals poisson`,
  async run(args, io) {
    const flags = parseFlags(args, FLAGS);
    if (flags.calibrate === true) return calibrate(flags, io);
    const url = textFlag(flags, 'url');
    if (url !== undefined) return measure(url, flags, io);
    return withServer({ workers: optionalNumber(flags, 'workers', [1, 256]), signal: io.signal }, (server) =>
      measure(server.url, flags, io),
    );
  },
};

async function calibrate(flags: Flags, io: BenchIo): Promise<number> {
  const rate = numberFlag(flags, 'rate', [0.01, 100_000], GENERATOR_RATE);
  const { open } = await measureGenerator(rate, numberFlag(flags, 'duration', [0.1, 3600], 5));
  io.out(
    flags.json === true
      ? JSON.stringify(open)
      : `${rate} req/s against a server that does nothing\n${formatLoad(open)}`,
  );
  return 0;
}

async function measure(url: string, flags: Flags, io: BenchIo): Promise<number> {
  const sessions = countFlag(flags, 'sessions', [0, 10_000], 0);
  if (sessions > 0) {
    const seconds = numberFlag(flags, 'duration', [1, 86_400], 10);
    const result = await runSessions({ url, sessions, seconds, seed: countFlag(flags, 'seed', [0, 2 ** 31], 1) });
    io.out(flags.json === true ? JSON.stringify(result) : formatSessions(result));
    return flags.check === true && result.succeeded < result.sessions ? 1 : 0;
  }
  const result = await loadServer(url, flags, io);
  const verdicts = judgeLoad(result);
  io.out(
    flags.json === true
      ? JSON.stringify({ ...result, verdicts })
      : `${formatLoad(result)}\n\n${formatVerdicts(verdicts)}`,
  );
  return flags.check === true && verdicts.some((verdict) => !verdict.kept) ? 1 : 0;
}

function judgeLoad(result: LoadResult): Verdict[] {
  return judge({
    modelP99: result.server.model?.p99,
    endToEndP99: result.latency?.p99,
    successRate: result.successRate,
  });
}

async function loadServer(url: string, flags: Flags, io: BenchIo): Promise<LoadResult> {
  const random = seededRandom(countFlag(flags, 'seed', [0, 2 ** 31], 1));
  const rate = optionalNumber(flags, 'rate', [0.01, 100_000]);
  const concurrency = countFlag(flags, 'concurrency', [1, 10_000], 20);
  const json = choiceFlag(flags, 'accept', ['binary', 'json']) === 'json';
  const target: Target = createHttpTarget({
    url,
    body: new Uint8Array(noise(WINDOW, random).buffer),
    connections: rate === undefined ? concurrency : countFlag(flags, 'connections', [1, 10_000], 256),
    timeout: numberFlag(flags, 'timeout', [1, 3_600_000], 30_000),
    minimumBytes: INFER_ANSWER_BYTES,
    headers: { accept: json ? 'application/json' : 'application/octet-stream' },
  });
  try {
    await warmUp(target, countFlag(flags, 'warmup', [0, 100_000], 400), concurrency);
    const { signal } = io;
    if (rate === undefined) {
      return await closedLoop(target, {
        requests: countFlag(flags, 'requests', [1, 10_000_000], 200),
        concurrency,
        signal,
      });
    }
    return await openLoop(target, {
      rate,
      seconds: numberFlag(flags, 'duration', [0.1, 86_400], 10),
      connections: countFlag(flags, 'connections', [1, 10_000], 256),
      random: choiceFlag(flags, 'arrivals', ['even', 'poisson']) === 'poisson' ? random : undefined,
      signal,
    });
  } finally {
    target.close();
  }
}
