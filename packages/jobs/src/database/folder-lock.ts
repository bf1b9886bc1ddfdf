import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { makeFolder } from 'voiceflow-ml/installed';

/** The longest socket path in bytes that every system accepts; macOS has the shortest. */
const LONGEST_PATH = 103;
/** Sockets before they have their final name; the longer name was used by earlier versions. */
const NEW_NAME = /^(n-[0-9a-f]{8}|new-lock-[0-9a-f]{16})$/;
/** Age in milliseconds from which a socket without its final name is of a process that was killed. */
const LEFT_MS = 60_000;
/** Longest wait for another process that tries to lock the folder at the same time. */
const DECISION_MS = 5_000;
const POLL_MS = 10;

type State = 'candidate' | 'holder';

/**
 * Locks a folder for this process with a local socket. A file with a process id would not work: it outlives a process
 * that dies, and in containers every server is process 1.
 * @returns A function that releases the lock.
 * @throws `invalid-option` when another process holds the lock, or when the folder cannot be written.
 */
export async function lockFolder(folder: string): Promise<() => void> {
  const absolute = resolve(folder);
  await makeFolder(absolute, 0o700).catch((cause) => {
    throw unusable('create', folder, cause);
  });
  return process.platform === 'win32' ? lockPipe(folder, absolute) : lockSocket(folder, absolute);
}

/** Windows removes a pipe with its process and refuses a second one of the same name. */
async function lockPipe(folder: string, absolute: string): Promise<() => void> {
  const server = createServer((socket) => socket.on('error', () => {}).end('holder' satisfies State));
  try {
    await listen(server, `\\\\.\\pipe\\voiceflow-${digestOf(absolute, 32)}`);
  } catch {
    throw held(folder);
  }
  server.unref();
  return () => void server.close();
}

/**
 * Each process listens on a socket of its own and then looks for others. A name is never used twice, so a socket that
 * refuses connections is of a dead process and may be removed at any time. Of two processes, the one that looks later
 * sees the other. If both see each other before either has the lock, the first name wins.
 */
async function lockSocket(folder: string, absolute: string): Promise<() => void> {
  const sockets = await socketsFolder(absolute).catch((cause) => {
    throw unusable('lock', folder, cause);
  });
  const digits = randomBytes(4).toString('hex');
  const name = `lock-${digits}`;
  const path = join(sockets, name);
  let state: State = 'candidate';
  const server = createServer((socket) => socket.on('error', () => {}).end(state));
  const release = () => {
    rmSync(path, { force: true });
    server.close();
  };
  try {
    // Renamed once it accepts connections: until then it would look like the socket of a dead process.
    await listen(server, join(sockets, `n-${digits}`));
    renameSync(join(sockets, `n-${digits}`), path);
  } catch (cause) {
    server.close();
    throw unusable('lock', folder, cause);
  }
  if (!(await wins(sockets, name))) {
    release();
    throw held(folder);
  }
  state = 'holder';
  // Best effort: what cannot be removed does no harm.
  await removeLeft(sockets).catch(() => {});
  server.unref();
  return release;
}

/** Whether no other process has a socket, or will have after it has seen ours. Removes sockets of dead processes. */
async function wins(sockets: string, own: string): Promise<boolean> {
  const deadline = performance.now() + DECISION_MS;
  for (;;) {
    let isContested = false;
    // Servers before the names had a suffix used `lock`.
    for (const name of readdirSync(sockets).filter((each) => /^lock(-|$)/.test(each) && each !== own)) {
      const state = await stateOf(join(sockets, name));
      if (state === undefined) rmSync(join(sockets, name), { force: true });
      else if (state !== 'candidate' || name < own || performance.now() > deadline) return false;
      else isContested = true;
    }
    if (!isContested) return true;
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/**
 * Removes sockets of processes that were killed before the sockets had their final name. If such a process lives after
 * all, it cannot rename its socket and does not get the lock.
 */
async function removeLeft(sockets: string): Promise<void> {
  for (const name of readdirSync(sockets).filter((each) => NEW_NAME.test(each))) {
    const path = join(sockets, name);
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isSocket() || Date.now() - stats.mtimeMs < LEFT_MS) continue;
    if ((await stateOf(path)) === undefined) rmSync(path, { force: true });
  }
}

/** The folder of the sockets: the data folder, or one with a shorter path. */
async function socketsFolder(folder: string): Promise<string> {
  if (fits(folder)) return folder;
  const name = `voiceflow-${digestOf(folder, 12)}`;
  const short = [join(tmpdir(), name), join('/tmp', name)].find(fits) ?? folder;
  await makeFolder(short, 0o700);
  return short;
}

/** Whether the path of a socket in this folder is short enough. */
function fits(folder: string): boolean {
  return Buffer.byteLength(join(folder, 'lock-01234567')) <= LONGEST_PATH;
}

function digestOf(folder: string, digits: number): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, digits);
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((done, reject) => {
    server.once('error', reject);
    server.listen(path, done);
  });
}

/** What the process of a socket says; undefined when the process is dead. A process that does not respond says nothing. */
function stateOf(path: string): Promise<string | undefined> {
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

function unusable(what: string, folder: string, cause: unknown): VoiceFlowError {
  return new VoiceFlowError('invalid-option', `cannot ${what} the data folder ${folder}: ${(cause as Error).message}`, {
    hint: 'Set --data to a folder that the server can write to.',
    cause,
  });
}

function held(folder: string): VoiceFlowError {
  return invalidOption(
    `another process uses the data folder ${folder}`,
    'Only one server can use a folder: give each server its own --data, or use one VOICEFLOW_DATABASE_URL for all.',
  );
}
