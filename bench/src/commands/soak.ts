import { integer, number } from '@voiceflow-ml/server/args';
import { command } from '../command.ts';
import { conversationPcm, type Pcm, repeatedWav } from '../conversation.ts';
import { counts, figures } from '../format.ts';
import { closedLoop, warmUp } from '../load/loops.ts';
import { runSessions } from '../load/sessions.ts';
import { createHttpTarget, inferTarget } from '../load/target.ts';
import { eventLoopLag, metric, startServer, usageOf } from '../server-under-test.ts';
import { atLeast, atMost, conclude } from '../sla.ts';
import { slope } from '../stats/summary.ts';

interface Point {
  /** Hours since the start. */
  readonly at: number;
  readonly rss: number;
}

/**
 * Length in seconds of intervals of which the smallest value counts, because garbage that is collected later is not
 * growth.
 */
const FLOOR_SECONDS = 30;
const RECORDING_SECONDS = 60;
const SESSION_SECONDS = 20;
const DEADLINE_MS = 600_000;
/** More requests than a soak can send: the time ends it. */
const MANY = 100_000_000;

export const soak = command({
  summary: 'event-loop lag during an upload of an hour of audio; memory under windows, recordings and sessions',
  about: 'The deadlines are long, so that a busy machine does not cause rejections.',
  options: {
    minutes: number([0.1, 1440], 20, 'duration in minutes'),
    upload: number([0, 14_400], 3600, 'length in seconds of the first upload'),
    clients: integer([1, 256], 4, 'clients that send windows'),
    recordings: integer([0, 64], 1, `concurrent recordings of ${RECORDING_SECONDS} s`),
    sessions: integer([0, 1000], 8, `concurrent sessions of ${SESSION_SECONDS} s`),
    slope: number([0, 1000], 5, 'accepted growth of memory in MB per hour'),
  },
  async run({ minutes, upload, clients, recordings, sessions, slope: limit }, io) {
    const late = { VOICEFLOW_DEADLINE_MS: String(DEADLINE_MS), VOICEFLOW_INFER_DEADLINE_MS: '60000' };
    await using server = await startServer({ env: late });
    const pcm = await conversationPcm();
    const lag = upload > 0 ? await uploadLag(server.url, repeatedWav(pcm, upload), io.out) : undefined;
    // If the server ends early, prints why, because everything else fails then.
    let over = false;
    void server.exited.then((how) => over || io.note(`the server ended (${how}): ${server.output()}`));
    using target = inferTarget(server.url, clients);
    using recordingTarget = createHttpTarget({
      url: `${server.url}/v1/diarize`,
      body: repeatedWav(pcm, RECORDING_SECONDS),
      headers: { 'content-type': 'audio/wav', accept: 'application/json' },
      connections: Math.max(1, recordings),
      timeout: DEADLINE_MS,
    });
    await warmUp(target, 500, clients);
    const points: Point[] = [];
    const startedAt = performance.now();
    const { cpuSeconds } = usageOf(server);
    const watching = setInterval(() => {
      const at = (performance.now() - startedAt) / 3_600_000;
      points.push({ at, rss: usageOf(server).rss });
    }, 1000);
    const stop = AbortSignal.timeout(minutes * 60_000);
    const [windows, files, live] = await Promise.all([
      closedLoop(target, { requests: MANY, concurrency: clients, signal: stop }),
      closedLoop(recordingTarget, { requests: MANY, concurrency: recordings, signal: stop }),
      sessionLoop(server.url, pcm, sessions, stop),
    ]);
    over = true;
    clearInterval(watching);
    const seconds = (performance.now() - startedAt) / 1000;
    const floor = floors(points.slice(Math.floor(points.length / 5)));
    const [first, last] = [floor[0], floor.at(-1)];
    /** MB per hour. */
    const growth = slope(
      floor.map(({ at }) => at),
      floor.map(({ rss }) => rss),
    );
    io.out(
      [
        `windows     ${windows.requests}, ${windows.succeeded} succeeded${failureText(windows)}`,
        `recordings  ${files.requests} of ${RECORDING_SECONDS} s, ${files.succeeded} succeeded${failureText(files)}`,
        `sessions    ${live.requests} of ${SESSION_SECONDS} s in real time, ${live.succeeded} succeeded${failureText(live)}`,
        `load        ${figures((usageOf(server).cpuSeconds - cpuSeconds) / seconds)} cores for ${figures(seconds / 60)} minutes`,
        `RSS         ${figures(first?.rss ?? 0)} → ${figures(last?.rss ?? 0)} MB in total`,
        `slope       ${figures(growth)} MB/h`,
      ].join('\n'),
    );
    const restarts = await metric(server.url, 'voiceflow_worker_restarts_total');
    const sent = windows.requests + files.requests + live.requests;
    return conclude(io, [
      ...(lag === undefined ? [] : [atMost('event-loop lag P99 during the upload', lag, 20, 'ms')]),
      atLeast('success', (100 * (windows.succeeded + files.succeeded + live.succeeded)) / sent, 100, '%'),
      atMost('workers replaced', restarts, 0, ''),
      atMost('memory slope', growth, limit, 'MB/h'),
    ]);
  },
});

async function uploadLag(url: string, body: Uint8Array<ArrayBuffer>, out: (text: string) => void): Promise<number> {
  await eventLoopLag(url);
  const answer = await fetch(`${url}/v1/diarize`, { method: 'POST', body });
  await answer.arrayBuffer();
  const lag = await eventLoopLag(url);
  out(`${figures(body.length / 1e6)} MB of audio: ${answer.status}, ${answer.headers.get('server-timing')}`);
  return lag;
}

interface Count {
  requests: number;
  succeeded: number;
  readonly failures: Record<string, number>;
}

/** The failures with their counts, as text. */
function failureText({ failures }: Readonly<Count>): string {
  const kinds = counts(failures);
  return kinds && ` (${kinds})`;
}

async function sessionLoop(url: string, pcm: Pcm, sessions: number, stop: AbortSignal): Promise<Count> {
  const count: Count = { requests: 0, succeeded: 0, failures: {} };
  for (let seed = 1; sessions > 0 && !stop.aborted; seed++) {
    const result = await runSessions({ url, sessions, seconds: SESSION_SECONDS, seed, pcm });
    count.requests += result.sessions;
    count.succeeded += result.succeeded;
    for (const [kind, n] of Object.entries(result.failures)) count.failures[kind] = (count.failures[kind] ?? 0) + n;
  }
  return count;
}

/** The smallest value of each interval of `FLOOR_SECONDS`. */
function floors(points: readonly Point[]): Point[] {
  const least: Point[] = [];
  for (let at = 0; at + FLOOR_SECONDS <= points.length; at += FLOOR_SECONDS) {
    const part = points.slice(at, at + FLOOR_SECONDS);
    least.push({ at: part[0]?.at ?? 0, rss: Math.min(...part.map(({ rss }) => rss)) });
  }
  return least;
}
