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

/** Starts to listen; ends the workers and closes the jobs when that fails. */
export async function listening<T>(prepared: Prepared, listen: () => T | Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    await prepared.close();
    throw error;
  }
}

/**
 * Starts the work on jobs and makes the return value of an entry that listens on `port`.
 * @param stop Drains the app and stops listening. Runs once, however often the server is closed.
 */
export function runningServer(prepared: Prepared, port: number, stop: () => Promise<void>): RunningServer {
  const { app, pool, options } = prepared;
  let closed: Promise<void> | undefined;
  prepared.start();
  return {
    url: urlOf(options.host, port),
    app,
    pool,
    close() {
      closed ??= stop().finally(prepared.close);
      return closed;
    },
  };
}

/** The URL of a server that listens on a host and port. */
function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
}
