import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from 'voiceflow-ml/testing';
import { WebSocket } from 'ws';
import { conversationPcm, type Pcm } from '../conversation.ts';
import { counts, percent, summaryLine } from '../format.ts';
import { type Summary, summarize } from '../stats/summary.ts';

interface SessionsOptions {
  readonly url: string;
  readonly sessions: number;
  /** Seconds of audio of each session, sent in real time. */
  readonly seconds: number;
  /** Seed of the start times of sessions, which are spread over the first second. */
  readonly seed: number;
  readonly pcm?: Samples;
}

export interface SessionsResult {
  readonly sessions: number;
  /** Sessions that became ready, were processed to the end and ended successfully. */
  readonly succeeded: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly secondsEach: number;
  /** Events received, by type. */
  readonly events: Readonly<Record<string, number>>;
  /** Milliseconds from opening the socket to `ready`. */
  readonly ready?: Summary;
  /** Milliseconds from sending the last audio of a turn to its `turn-end`. Includes the session's latency option. */
  readonly turnEnd?: Summary;
  /** Milliseconds from the client's `end` message to the server's. */
  readonly end?: Summary;
}

/** The samples to stream. */
type Samples = Pick<Pcm, 'sampleRate' | 'bytes'>;

interface Observations {
  readonly ready: number[];
  readonly turnEnd: number[];
  readonly end: number[];
  readonly events: Map<string, number>;
}

const CHUNK_SECONDS = 0.1;
const TIMEOUT_MS = 30_000;

/** Opens concurrent live sessions and sends each audio in real time, like a microphone. */
export async function runSessions(options: SessionsOptions): Promise<SessionsResult> {
  const pcm = options.pcm ?? (await conversationPcm());
  const random = seededRandom(options.seed);
  const seen: Observations = { ready: [], turnEnd: [], end: [], events: new Map() };
  const outcomes = await Promise.all(
    Array.from({ length: options.sessions }, async () => {
      await sleep(1000 * random());
      return runSession(options, pcm, seen);
    }),
  );
  const failures = new Map<string, number>();
  for (const failure of outcomes) if (failure !== undefined) failures.set(failure, (failures.get(failure) ?? 0) + 1);
  return {
    sessions: options.sessions,
    succeeded: outcomes.filter((failure) => failure === undefined).length,
    failures: Object.fromEntries(failures),
    secondsEach: options.seconds,
    events: Object.fromEntries(seen.events),
    ready: summarize(seen.ready),
    turnEnd: summarize(seen.turnEnd),
    end: summarize(seen.end),
  };
}

/** Undefined for a successful session, else the class of failure. */
async function runSession(options: SessionsOptions, pcm: Samples, seen: Observations): Promise<string | undefined> {
  const address = new URL(options.url);
  address.protocol = address.protocol.replace('http', 'ws');
  if (address.pathname === '/') address.pathname = '/v1/stream';
  address.searchParams.set('encoding', 's16le');
  address.searchParams.set('sampleRate', String(pcm.sampleRate));
  const opened = performance.now();
  const socket = new WebSocket(address);
  let streamStart = Number.NaN;
  let ending = Number.NaN;

  return new Promise((resolve) => {
    const finish = (failure?: string) => {
      clearTimeout(timer);
      socket.terminate();
      resolve(failure);
    };
    const timer = setTimeout(() => finish('timeout'), options.seconds * 1000 + TIMEOUT_MS);
    socket.on('error', () => finish('connection'));
    socket.on('close', (code) => finish(`closed-${code}`));
    socket.on('message', (data, binary) => {
      const event = binary ? undefined : parseEvent(String(data));
      if (typeof event?.type !== 'string') return finish('bad-event');
      seen.events.set(event.type, (seen.events.get(event.type) ?? 0) + 1);
      const now = performance.now();
      if (event.type === 'ready') {
        seen.ready.push(now - opened);
        streamStart = now;
        void feed(socket, pcm, options.seconds).then(() => {
          ending = performance.now();
          socket.send('{"type":"end"}');
        });
      } else if (event.type === 'turn-end' && Number.isNaN(ending)) {
        seen.turnEnd.push(now - streamStart - 1000 * (event.end ?? Number.NaN));
      } else if (event.type === 'end') {
        seen.end.push(now - ending);
        finish();
      } else if (event.type === 'error') finish(`error-${event.code ?? 'event'}`);
    });
  });
}

/** Sends the audio in a loop, each chunk at the time when a microphone would deliver it. */
async function feed(socket: WebSocket, pcm: Samples, seconds: number): Promise<void> {
  const chunkBytes = 2 * Math.round(pcm.sampleRate * CHUNK_SECONDS);
  const start = performance.now();
  let at = 0;
  for (let chunk = 1; chunk * CHUNK_SECONDS <= seconds + 1e-9; chunk++) {
    await sleep(Math.max(0, start + 1000 * CHUNK_SECONDS * chunk - performance.now()));
    if (socket.readyState !== WebSocket.OPEN) return;
    if (at + chunkBytes > pcm.bytes.byteLength) at = 0;
    socket.send(pcm.bytes.subarray(at, at + chunkBytes));
    at += chunkBytes;
  }
}

/** What the text of a message says, unchecked; undefined for text that is no JSON. */
function parseEvent(text: string): { type?: string; end?: number; code?: string } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function formatSessions(result: SessionsResult): string {
  return [
    `sessions   ${result.succeeded} of ${result.sessions} succeeded (${percent(result.succeeded / result.sessions)}), ${result.secondsEach} s each of the demo conversation`,
    `failures   ${counts(result.failures) || 'none'}`,
    `events     ${counts(result.events) || 'none'}`,
    `ready      ${summaryLine(result.ready)}`,
    `turn-end   ${summaryLine(result.turnEnd)}  (after the turn's last audio was sent)`,
    `end        ${summaryLine(result.end)}`,
  ].join('\n');
}
