import { createHash, randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { makeFolder } from 'voiceflow-ml/installed';

/** The longest socket path that every system accepts. */
const LONGEST_PATH = 100;

/**
 * Locks a folder for this process with a local socket. A file with a process id would not work: it outlives a process
 * that dies, and in containers every server is process 1.
 * @returns A function that releases the lock.
 * @throws `invalid-option` when another process holds the lock, or when the folder cannot be written.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  try {
    await makeFolder(resolve(folder), 0o700);
  } catch (cause) {
    throw new VoiceFlowError('invalid-option', `cannot create the data folder ${folder}: ${(cause as Error).message}`, {
      hint: 'Set --data to a folder that the server can write to.',
      cause,
    });
  }
  const path = socketOf(resolve(folder));
  const nonce = randomUUID();
  const server = createServer((socket) => socket.on('error', () => {}).end(nonce));
  if ((await readNonce(path)) !== undefined) throw held(folder);
  // The socket was left behind by a process that died.
  if (process.platform !== 'win32') rmSync(path, { force: true });
  try {
    await listen(server, path);
  } catch {
    throw held(folder);
  }
  // Two processes may both have found a dead socket. Only the one that gets its own nonce as response has the lock.
  if ((await readNonce(path)) !== nonce) {
    server.close();
    throw held(folder);
  }
  server.unref();
  return () => void server.close();
}

function socketOf(folder: string): string {
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
  if (process.platform === 'win32') return `\\\\.\\pipe\\voiceflow-${name}`;
  const inside = join(folder, 'lock');
  return inside.length <= LONGEST_PATH ? inside : join(tmpdir(), `voiceflow-${name}.lock`);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, reject) => {
    server.once('error', reject);
    server.listen(path, done);
  });
}

/** The response of the lock's holder; undefined when there is none. */
function readNonce(path: string): Promise<string | undefined> {
  return new Promise((done) => {
    let text = '';
    const socket = connect(path);
    socket.setTimeout(2_000, () => socket.destroy());
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') done(undefined);
    });
    socket.on('close', () => done(text));
  });
}

function held(folder: string): VoiceFlowError {
  return invalidOption(
    `another process uses the data folder ${folder}`,
    'Only one server can use a folder: give each server its own --data, or use one VOICEFLOW_DATABASE_URL for all.',
  );
}
