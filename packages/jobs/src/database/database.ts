import { VoiceFlowError } from 'voiceflow-ml/core';

/**
 * PostgreSQL, embedded or a server. Few members on purpose: every change of state is one statement, which is atomic
 * by itself, so that no caller holds a transaction open (the embedded database has a single connection).
 */
export interface Database {
  /** `embedded`: nobody else can have it open. */
  readonly kind: 'embedded' | 'server';
  /**
   * One statement with `$1` parameters; its rows.
   * @throws `backend-unavailable` while the database is away; `DatabaseError` for what the statement itself did wrong.
   */
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Calls back at each `NOTIFY` on the channel, as far as the connection holds: a hint to look, never the only one. */
  listen(channel: Channel, callback: (payload: string) => void): void;
  close(): Promise<void>;
}

/** `ready`: a job can be taken. `changed`: a job's state changed; its payload is the id. `webhook`: a call is due. */
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

/** SQLSTATE classes in which a statement did nothing wrong: connections, resources, operator intervention, recovery. */
const AWAY = /^(08|53|57P|25006)/;

/** What a client of PostgreSQL threw, as an error of ours. */
export function databaseError(error: unknown): Error {
  if (VoiceFlowError.isInstance(error) || error instanceof DatabaseError) return error;
  const { message, code } = error as { message?: string; code?: unknown };
  const state = typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state !== undefined && !AWAY.test(state)) return new DatabaseError(message ?? 'unknown', state, error);
  return unavailable(message ?? String(error), error);
}

export function unavailable(why: string, cause?: unknown): VoiceFlowError {
  return new VoiceFlowError('backend-unavailable', `the database of jobs is away: ${why}`, {
    hint: 'Try again after Retry-After seconds.',
    retryAfter: 1,
    cause,
  });
}

export function isAway(error: unknown): boolean {
  return VoiceFlowError.isInstance(error) && error.code === 'backend-unavailable';
}
