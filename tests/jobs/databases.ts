/** The two databases that the same tests run against: embedded, and Debian's PostgreSQL where it is installed. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type JobsOptions, jobsOptions, openJobs } from '@voiceflow-ml/jobs';
import pg from 'pg';
import { freePort } from '../../bench/src/managed-process.ts';
import { printed } from '../processes.ts';

const ROOT = '/usr/lib/postgresql';
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

/** Where `initdb` and `postgres` are; undefined where there is no PostgreSQL. */
function postgresBinaries(): string | undefined {
  if (!existsSync(ROOT)) return undefined;
  const [newest] = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a));
  const folder = join(ROOT, newest ?? '', 'bin');
  return existsSync(join(folder, 'initdb')) ? folder : undefined;
}

export const NO_POSTGRES =
  postgresBinaries() === undefined ? ' (skipped: no PostgreSQL here; install Debian package postgresql)' : '';

/** A PostgreSQL server of its own, in a temporary folder. */
export class PostgresServer {
  readonly folder = mkdtempSync(join(tmpdir(), 'voiceflow-pg-'));
  readonly port: number;
  #child: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<PostgresServer> {
    const server = new PostgresServer(await freePort());
    if (process.getuid?.() === 0) execFileSync('chown', ['postgres', server.folder]);
    chmodSync(server.folder, 0o700);
    const [command, args] = server.#asUser(
      'initdb',
      '-D',
      join(server.folder, 'data'),
      '-A',
      'trust',
      '-U',
      'voiceflow',
      '-N',
    );
    execFileSync(command, args, { stdio: 'ignore', cwd: '/' });
    await server.up();
    return server;
  }

  get url(): string {
    return `postgres://voiceflow@127.0.0.1:${this.port}/postgres`;
  }

  /** Resolves when it takes connections. */
  async up(): Promise<void> {
    const [command, args] = this.#asUser(
      'postgres',
      ...['-D', join(this.folder, 'data'), '-h', '127.0.0.1', '-p', String(this.port), '-k', this.folder],
      ...['-c', 'fsync=off', '-c', 'max_connections=60'],
    );
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: '/' });
    this.#child = child;
    await printed(child, /ready to accept connections/);
  }

  /** At once, as when the machine is switched off: connections are cut, the log is replayed at the next start. */
  async down(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGQUIT');
    await ended;
  }

  async remove(): Promise<void> {
    await this.down();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** PostgreSQL refuses to run as root. */
  #asUser(program: string, ...args: string[]): [string, string[]] {
    const path = join(postgresBinaries() ?? '', program);
    return process.getuid?.() === 0
      ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--clear-groups', path, ...args]]
      : [path, args];
  }
}

/** One statement on a connection of its own. */
export async function askPostgres(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Milliseconds for a hook that may have to make a database, on a machine with other work. */
export const PATIENCE = 600_000;

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'voiceflow-jobs-'));
}

/** Making a database takes five seconds of a core; tests copy one that was made by the code as it is now. */
export async function dataFolder(): Promise<string> {
  const sources = ['packages/jobs/src/database/migrations.ts', 'node_modules/@electric-sql/pglite/package.json'].map(
    (file) => readFileSync(`${REPOSITORY}${file}`),
  );
  const version = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 16);
  const template = join(tmpdir(), `voiceflow-template-${version}`);
  if (!existsSync(template)) {
    const making = temporaryFolder();
    await (await openJobs(testOptions({ data: making }))).db.close();
    try {
      renameSync(making, template);
    } catch {
      // Another test was faster.
      rmSync(making, { recursive: true, force: true });
    }
  }
  const folder = temporaryFolder();
  cpSync(template, folder, { recursive: true, filter: (path) => !/[/\\](new-)?lock(-[^/\\]*)?$/.test(path) });
  return folder;
}

/** Options for tests: short waits, and addresses of this machine allowed. */
export function testOptions(where: { data?: string; database?: string }, more: Partial<JobsOptions> = {}): JobsOptions {
  const options = jobsOptions({ VOICEFLOW_ALLOW_PRIVATE: '1', VOICEFLOW_JOBS_RETRY_SECONDS: '0' }, where);
  if (options === undefined) throw new Error('there must be a folder or a database');
  return { ...options, ...more };
}
