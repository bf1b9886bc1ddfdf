import type { Warning } from 'voiceflow-ml/core';
import type { Io } from './io.ts';
import { oneLine } from './printable.ts';

/** Prints a warning about a file, on one line of stderr. */
export function warn(io: Io, path: string, message: string): void {
  io.err(`voiceflow: ${oneLine(path)}: warning: ${message}\n`);
}

/** Prints the warnings of a recording's result. */
export function printWarnings(io: Io, path: string, warnings: readonly Warning[]): void {
  for (const { code, message } of warnings) warn(io, path, `${message} [${code}]`);
}
