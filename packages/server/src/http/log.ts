/** A structured log line. It never contains audio, keys, query strings or bodies. */
export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly [field: string]: unknown;
}
