/** Servers that end with the test that started them. */
import { type EntryOptions, type RunningServer, serveNode } from '@voiceflow-ml/server/node';
import { afterEach } from 'vitest';
import { TOY } from './harness.ts';

const running: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

/** Closes a server after the current test. */
export function closedAfterTest<T extends { close(): Promise<void> }>(server: T): T {
  running.push(server);
  return server;
}

/** A server on Node with a worker that needs no model, in this process. */
export async function toyServer(options: EntryOptions = {}): Promise<RunningServer> {
  return closedAfterTest(await serveNode({ port: 0, workers: 1, command: TOY, log: () => {}, ...options }));
}

export const post = (server: RunningServer, path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${server.url}${path}`, { method: 'POST', body, headers });
