import process from 'node:process';
import type { LogEntry } from '../../http/log.ts';

/** Buffered lines: a system call for each line would cost as much as the rest of a small request. */
let lines = '';
const LOG_FLUSH_MS = 100;
const LOG_FLUSH_LENGTH = 16_384;

/** Writes an entry to standard error as one line of JSON. */
export function logLine(entry: LogEntry): void {
  if (lines === '') setTimeout(flushLog, LOG_FLUSH_MS).unref();
  lines += `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`;
  if (lines.length > LOG_FLUSH_LENGTH || entry.level === 'error') flushLog();
}

export function flushLog(): void {
  if (lines !== '') process.stderr.write(lines);
  lines = '';
}
