import { BENCH_SCRIPT } from '../inner.ts';
import { freePort, startProcess } from '../managed-process.ts';
import { openLoop, warmUp } from './loops.ts';
import type { LoadResult } from './recorder.ts';
import { inferTarget } from './target.ts';

/** The rate at which the generator's own cost is stated. */
export const GENERATOR_RATE = 2000;

const CONNECTIONS = 64;

/** The generator against a server that does nothing. */
export interface GeneratorResult {
  readonly rate: number;
  readonly open: LoadResult;
}

/** Loads a null server in a process of its own: what comes out is the generator's cost and error, not a server's. */
export async function measureGenerator(rate: number, seconds: number): Promise<GeneratorResult> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const args = [BENCH_SCRIPT, 'null-server', '--port', String(port)];
  await using _server = await startProcess({ command: process.execPath, args, readyUrl: url });
  using target = inferTarget(url, CONNECTIONS);
  await warmUp(target, 500, 20);
  return { rate, open: await openLoop(target, { rate, seconds, connections: CONNECTIONS }) };
}
