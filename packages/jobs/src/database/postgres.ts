import pg from 'pg';
import { type Channel, type Database, databaseError, unavailable } from './database.ts';
import { migrate } from './migrate.ts';

/** Connections per process. Few suffice: the API's statements take about a millisecond each. */
const CONNECTIONS = 10;
const CONNECT_MS = 3_000;
/**
 * Timeout of a statement. All are short; when one hangs (frozen server, lost network), the database counts as
 * unavailable.
 */
const STATEMENT_MS = 15_000;
/** Delay before reconnecting a lost listener. */
const RECONNECT_MS = 1_000;

/** Migrates on a connection without a limit of time: an index of a large table takes minutes. */
async function migrateServer(settings: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(settings);
  client.on('error', () => {});
  try {
    await client.connect();
    await migrate(async (sql, params) => (await client.query(sql, params as unknown[])).rows);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * Connects to a PostgreSQL server (12 or newer) by a URL `postgres://…`.
 * @throws `backend-unavailable` when it cannot be reached.
 */
export async function openPostgres(url: string): Promise<Database> {
  const settings = { connectionString: url, connectionTimeoutMillis: CONNECT_MS, application_name: 'voiceflow' };
  const pool = new pg.Pool({
    ...settings,
    max: CONNECTIONS,
    query_timeout: STATEMENT_MS,
    statement_timeout: STATEMENT_MS,
    keepAlive: true,
    idleTimeoutMillis: 30_000,
  });
  // The pool discards an idle connection that breaks. Without a listener the error event would end the process.
  pool.on('error', () => {});
  try {
    await migrateServer(settings);
  } catch (error) {
    await pool.end().catch(() => {});
    throw databaseError(error);
  }
  const listener = new Listener(settings);
  let closed = false;
  return {
    kind: 'server',
    async query(sql, params = []) {
      if (closed) throw unavailable('the connection is closed');
      try {
        return (await pool.query(sql, params as unknown[])).rows;
      } catch (error) {
        throw databaseError(error);
      }
    },
    listen: (channel, callback) => listener.add(channel, callback),
    async close() {
      closed = true;
      listener.close();
      await pool.end().catch(() => {});
    },
  };
}

/** A separate connection for notifications, which reconnects whenever it is lost. */
class Listener {
  readonly #settings: pg.ClientConfig;
  readonly #listeners = new Map<Channel, Set<(payload: string) => void>>();
  #client: pg.Client | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(settings: pg.ClientConfig) {
    this.#settings = settings;
  }

  /** Connects again, to listen to all channels. */
  add(channel: Channel, callback: (payload: string) => void): void {
    const callbacks = this.#listeners.get(channel) ?? new Set();
    this.#listeners.set(channel, callbacks.add(callback));
    if (this.#closed) return;
    this.#drop();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#open(), 0);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#drop();
  }

  #drop(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.removeAllListeners('end');
    void client?.end().catch(() => {});
  }

  async #open(): Promise<void> {
    const client = new pg.Client({ ...this.#settings, keepAlive: true });
    this.#client = client;
    let lost = false;
    const again = () => {
      if (lost || this.#closed || this.#client !== client) return;
      lost = true;
      this.#drop();
      this.#timer = setTimeout(() => void this.#open(), RECONNECT_MS);
    };
    client.on('error', again);
    client.on('end', again);
    client.on('notification', ({ channel, payload }) => {
      for (const callback of this.#listeners.get(channel as Channel) ?? []) callback(payload ?? '');
    });
    try {
      await client.connect();
      for (const channel of this.#listeners.keys()) await client.query(`listen ${channel}`);
    } catch {
      again();
    }
  }
}
