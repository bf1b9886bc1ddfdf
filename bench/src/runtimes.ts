import { existsSync } from 'node:fs';
import { REPOSITORY } from './machine.ts';

/** A JavaScript runtime that can run the measurements, or the reason why it cannot. */
export interface Runtime {
  readonly name: string;
  readonly command: string;
  /** Arguments before the script. */
  readonly before: readonly string[];
  /** Why the runtime is missing and how to install it. */
  readonly missing?: string;
}

const FOLDER = `${REPOSITORY}tests/runtimes`;

/** The current runtime, and those of the runtime tests. */
export function findRuntimes(exists: (path: string) => boolean = existsSync): Runtime[] {
  const installed = (name: string, file: string, before: readonly string[] = []): Runtime => {
    const command = `${FOLDER}/${file}`;
    if (exists(command)) return { name, command, before };
    return { name, command, before, missing: `${name} is not installed: npm ci --prefix tests/runtimes` };
  };
  return [
    { name: `node ${process.versions.node}`, command: process.execPath, before: [] },
    installed('bun', 'node_modules/bun/bin/bun.exe'),
    installed('deno', 'node_modules/deno/deno', ['run', '-A']),
  ];
}
