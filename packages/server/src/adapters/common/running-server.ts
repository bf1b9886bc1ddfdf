import type { VoiceFlowApp } from '../../app.ts';
import type { PoolEngine } from '../../engine/processes/pool-engine.ts';
import type { Prepared } from './prepare.ts';

/** A running server, of any runtime. */
export interface RunningServer {
  readonly url: string;
  readonly app: VoiceFlowApp;
  readonly pool: PoolEngine;
  /** Stops listening, answers everything that was accepted, ends the workers. The same promise when called again. */
  close(): Promise<void>;
}

/** What an entry returns when it listens on `port`. @param close Runs once, however often the server is closed. */
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

/** An address to ask, for a host and a port that are listened on. */
function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}
