import { VoiceFlowError } from 'voiceflow-ml/core';

/**
 * PostgreSQL, embedded or a server. There are no transactions on purpose: every change of state is one statement, which
 * is atomic, so no caller keeps a transaction open (the embedded database has a single connection).
 */
export interface Database {
  /** `embedded`: no other process can have it open. */
  readonly kind: 'embedded' | 'server';
  /**
   * Runs one statement with `$1` parameters and returns its rows.
   * @throws `backend-unavailable` while the database is unavailable; `DatabaseError` for an error of the statement.
   */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /**
   * Calls back on each `NOTIFY` on the channel. Notifications can be lost with the connection, so callers must also
   * poll.
   */
  listen(channel: Channel, callback: (payload: string) => void): void;
  close(): Promise<void>;
}

/** `ready`: a job can be claimed. `changed`: a job's state changed; the payload is its id. `webhook`: a call is due. */
export const CHANNELS = ['voiceflow_ready', 'voiceflow_changed', 'voiceflow_webhook'] as const;
export type Channel = (typeof CHANNELS)[number];

/** A statement that the database refused, with its SQLSTATE. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly sqlState: string;

  constructor(message: string, sqlState: string, cause?: unknown) {
    super(message, { cause });
    this.sqlState = sqlState;
  }
}

/** SQLSTATE classes that are not errors of the statement: connections, resources, operator intervention, recovery. */
const UNAVAILABLE_STATES = /^(08|53|57P|25006)/;

/** Converts an error of a PostgreSQL client to one of ours. */
export function databaseError(error: unknown): Error {
  if (VoiceFlowError.isInstance(error) || error instanceof DatabaseError) return error;
  const { message, code } = error as { message?: string; code?: unknown };
  // No class of SQLSTATE begins with E, but errors of the system such as EPIPE do.
  const state = typeof code === 'string' && /^(?!E)[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state !== undefined && !UNAVAILABLE_STATES.test(state))
    return new DatabaseError(message ?? 'unknown', state, error);
  // Only the code of an error of the system: its text has the address of the database, and clients see this message.
  const isSystem = typeof code === 'string' && /^E[A-Z_]+$/.test(code);
  return unavailable(isSystem ? code : (message ?? String(error)), error);
}

export function unavailable(why: string, cause?: unknown): VoiceFlowError {
  return new VoiceFlowError('backend-unavailable', `the database of jobs is unavailable: ${why}`, {
    hint: 'Try again after Retry-After seconds.',
    retryAfter: 1,
    cause,
  });
}

export function isUnavailable(error: unknown): boolean {
  return VoiceFlowError.isInstance(error) && error.code === 'backend-unavailable';
}

/** SQL for a time as in the API: ISO 8601 in UTC. */
export function isoTime(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}
