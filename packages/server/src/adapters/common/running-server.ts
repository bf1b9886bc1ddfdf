import type { VoiceFlowApp } from '../../app.ts';
import type { PoolEngine } from '../../engine/processes/pool-engine.ts';
import type { Prepared } from './prepare.ts';

/** A running server, on any runtime. */
export interface RunningServer {
  readonly url: string;
  readonly app: VoiceFlowApp;
  readonly pool: PoolEngine;
  /** Stops listening, responds to all accepted requests, ends the workers. Further calls return the same promise. */
  close(): Promise<void>;
}

/**
 * Makes the return value of an entry that listens on `port`.
 * @param close Runs once, however often the server is closed.
 */
export function runningServer(
  { app, pool, options }: Prepared,
  port: number,
  close: () => Promise<void>,
): RunningServer {
  let closed: Promise<void> | undefined;
  return {
    url: urlOf(options.host, port),
    app,
    pool,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/** The URL of a server that listens on a host and port. */
function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}
