import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SERVER_FLAGS } from '@voiceflow-ml/server/node';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { REPOSITORY } from './machine.ts';
import { freePort, type ManagedProcess, startProcess } from './managed-process.ts';

export interface ServerOptions {
  /** Worker threads; the server's default when absent. */
  readonly workers?: number | undefined;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface ServerUnderTest extends ManagedProcess {
  readonly url: string;
}

/** Starts the server of `voiceflow serve` on loopback as a process of its own. @throws `backend-unavailable`. */
export async function startServer(options: ServerOptions = {}): Promise<ServerUnderTest> {
  const port = options.port ?? (await freePort());
  const args = [...SERVER_FLAGS, entryFile(), '--host', '127.0.0.1', '--port', String(port)];
  if (options.workers !== undefined) args.push('--workers', String(options.workers));
  const url = `http://127.0.0.1:${port}`;
  const server = await startProcess({
    command: process.execPath,
    args,
    readyUrl: `${url}/readyz`,
    env: options.env,
    signal: options.signal,
  });
  return { ...server, url };
}

/** Runs `use` with a server, which is stopped however that ends. */
export async function withServer<T>(options: ServerOptions, use: (server: ServerUnderTest) => Promise<T>): Promise<T> {
  const server = await startServer(options);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** The server's entry for Node: of this repository when it is built, else as installed. */
function entryFile(): string {
  const built = `${REPOSITORY}packages/server/dist/main-node.js`;
  if (existsSync(built)) return built;
  try {
    return createRequire(import.meta.url).resolve('@voiceflow-ml/server/node');
  } catch (cause) {
    throw new VoiceFlowError('backend-unavailable', 'the server is not installed', {
      hint: 'npm run build, or give the address of a server with --url',
      cause,
    });
  }
}
