/** Runs a command and tells what it left in its home and temporary folders, and with whom it spoke. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import process from 'node:process';
import { ended } from '../processes.ts';

interface Observed {
  readonly stdout: string;
  readonly stderr: string;
  /** Written below the home or the temporary folder, but for what the runtimes themselves keep there. */
  readonly files: readonly string[];
  /** Lines of strace: attempts to reach an address on a network. Empty without strace. */
  readonly reached: readonly string[];
}

/** Caches of Bun, Deno and Node's compiler, which have nothing to do with VoiceFlow. */
const OF_RUNTIMES = /(^|\/)(\.bun|\.cache\/deno|node-compile-cache)\//;

/** Why no system calls can be watched here; undefined where they can. */
export function noStrace(): string | undefined {
  const { status, error, stderr } = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `strace does not work here: ${error?.message ?? stderr.trim().split('\n')[0]}`;
}

interface ObserveOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly strace?: boolean;
  /** For commands that do not end by themselves: called once they run, and they are ended after it. */
  readonly during?: (child: ChildProcess) => Promise<void>;
}

export async function observe(command: readonly string[], options: ObserveOptions = {}): Promise<Observed> {
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-privacy-'));
  try {
    const [home, temporary, log] = ['home', 'tmp', 'strace.txt'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const one of [home, temporary]) mkdirSync(one);
    // CI in the environment silences the telemetry, and so would hide a defect.
    const { CI: _, ORT_DISABLE_TELEMETRY: __, XDG_CACHE_HOME: ___, VOICEFLOW_HOME: ____, ...inherited } = process.env;
    const env = { ...inherited, HOME: home, TMPDIR: temporary, NO_COLOR: '1', ...options.env };
    // The tracer as a grandchild (-D): signals reach the command.
    const watched = ['-D', '-f', '-qq', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', log, ...command];
    const [file = '', ...args] = options.strace ? ['strace', ...watched] : command;
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
    const end = ended(child);
    if (options.during) await options.during(child).finally(() => child.kill('SIGTERM'));
    const { stdout, stderr } = await end;
    const files = [home, temporary].flatMap((one) => filesBelow(one)).map((path) => relative(folder, path));
    return { stdout, stderr, files: files.filter((path) => !OF_RUNTIMES.test(path)), reached: addresses(log) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Every call that names an Internet address other than loopback, and every one to the resolvers of names. */
function addresses(log: string): string[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.filter(
    (line) => (/AF_INET/.test(line) && !/127\.0\.0\.1|"::1"/.test(line)) || /nscd|resolve/i.test(line),
  );
}
