import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { figures } from './format.ts';
import { REPOSITORY } from './machine.ts';
import { table } from './report/markdown.ts';

/** `bench/results/jobs.json`, which `scripts/measure-workers.ts` writes. */
export interface JobsReport {
  readonly date: string;
  /** `load`: processes that wanted to run, of which most were not ours. */
  readonly machine: { readonly cpu: string; readonly cores: number; readonly load: number };
  readonly model: string;
  readonly recordings: number;
  readonly secondsEach: number;
  readonly workers: number;
  readonly killEverySeconds: number;
  readonly kills: number;
  readonly states: Readonly<Record<string, number>>;
  readonly results: number;
  /** Times that a worker died with a job. */
  readonly losses: number;
  readonly seconds: number;
  /** CPU seconds of a worker for an hour of audio, without kills. */
  readonly cpuSecondsPerHour: number;
}

const HOURS_A_DAY = [1, 100, 10_000] as const;
const SECONDS_A_DAY = 86_400;
/** As for requests: at 100 % the queue grows without bound. */
const BUSY = 0.7;
/** 16-bit WAV of one channel at 16 kHz. */
const BYTES_AN_HOUR = 16_000 * 2 * 3_600;

/** What was measured last; undefined where nothing was. */
export async function readJobsReport(): Promise<JobsReport | undefined> {
  const text = await readFile(join(REPOSITORY, 'bench', 'results', 'jobs.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as JobsReport);
}

/** The part of `docs/scaling.md` about jobs. */
export function renderJobs(report: JobsReport): string {
  const { machine, model, recordings, secondsEach, workers, kills, killEverySeconds, states, results, losses } = report;
  const rows = HOURS_A_DAY.map((hours) => {
    const cpu = hours * report.cpuSecondsPerHour;
    const bytes = hours * BYTES_AN_HOUR;
    const busy = cpu / SECONDS_A_DAY;
    return [
      hours.toLocaleString('en'),
      cpu < 3_600 ? `${figures(cpu)} s` : `${figures(cpu / 3_600)} h`,
      `${Math.ceil(busy / BUSY)}, ${figures((100 * busy) / Math.ceil(busy / BUSY))} % busy`,
      `${figures(bytes / 1e9)} GB`,
      `${figures((bytes * 8) / SECONDS_A_DAY / 1e6)} Mbit/s`,
    ];
  });
  return `
## Jobs for an archive

Computed from \`bench/results/jobs.json\`, which \`npx tsx scripts/measure-workers.ts\` writes: an API server, ${workers} workers with the model ${model}, PostgreSQL and an S3 server (moto) on one machine, ${recordings} recordings of ${secondsEach} s, one worker killed (SIGKILL) every ${killEverySeconds} s.

### Measured on ${report.date.slice(0, 10)}, on ${machine.cores} × ${machine.cpu}
- ${states.succeeded ?? 0} of ${recordings} jobs succeeded, with ${results} results; ${kills} workers were killed, ${losses} of them during a job, which another worker then repeated.
- ${report.seconds} s for ${figures((recordings * secondsEach) / 60)} minutes of audio, including the kills and loading the model ${kills} times.
- An hour of audio costs ${figures(report.cpuSecondsPerHour)} s of one core (without kills). The machine had other work (load ${machine.load} on ${machine.cores} cores); on an idle machine it is less.

### Computed
Assumptions: workers are ${BUSY * 100} % busy; one worker uses one core.

${table(['hours a day', 'CPU a day', 'workers', 'audio a day (16 kHz WAV)', 'network'], rows)}

- 1 hour a day: \`voiceflow serve --data DIR\` processes this next to its requests, with the embedded database.
- 100 hours: the same; use a PostgreSQL server and a bucket only if the jobs must survive the loss of the machine.
- 10,000 hours: PostgreSQL, a bucket, workers on several machines, scaled on the queue (\`deploy/kubernetes/jobs.yaml\`). The database gets about five queries for each job and one a second from each worker. Plan the network of the bucket first.
- These figures are for an even load. If a day's audio arrives within one hour, it needs 24 times the workers for that hour, or it waits.
`;
}
