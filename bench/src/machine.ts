import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

/** The machine and the software of a measurement. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Gigabytes. */
  readonly memory: number;
  readonly system: string;
  readonly runtime: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Short commit hash, with `+` when the working tree had changes. */
  readonly commit: string;
  /** Load average of the minute before the run. */
  readonly load: number;
}

/** The root of the repository; works from both `bench/src` and `bench/dist`. */
export const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? process.arch,
    cores: availableParallelism(),
    memory: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    runtime: `Node ${process.versions.node}`,
    versions: {
      'onnxruntime-node': packageVersion('onnxruntime-node'),
      'onnxruntime-web': packageVersion('onnxruntime-web'),
      mitata: packageVersion('mitata'),
      hono: packageVersion('hono'),
    },
    commit: commit(),
    load: loadavg()[0] ?? 0,
  };
}

function packageVersion(name: string): string {
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = entry.slice(0, entry.lastIndexOf(`/${name}/`) + name.length + 2);
    return (JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: string }).version;
  } catch {
    return 'absent';
  }
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: REPOSITORY, encoding: 'utf8' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', '--short=8', 'HEAD') + (changed ? '+' : '');
  } catch {
    return 'unknown';
  }
}
