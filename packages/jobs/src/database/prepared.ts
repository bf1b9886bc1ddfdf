/** @module Prepared statements for PGlite: parsing and planning at each use would be two thirds of their cost. */
import { type PGlite, parse, protocol } from '@electric-sql/pglite';

const { serialize } = protocol;

/** Lifetime of a plan. A plan suits the current size of the tables, and PGlite does not renew it as they grow. */
const FRESH_MS = 10_000;
/** Largest number of prepared statements; the program uses about forty. Beyond it they are prepared again. */
const MOST = 200;

interface Statement {
  readonly name: string;
  /** Types of the parameters, as PostgreSQL object identifiers (OIDs). */
  readonly types: readonly number[];
  readonly until: number;
}

/** Like `db.query`, with named statements. The caller must run them one at a time. */
export class PreparedStatements {
  readonly #db: PGlite;
  readonly #now: () => number;
  readonly #statements = new Map<string, Statement>();
  #made = 0;

  constructor(db: PGlite, now: () => number = () => performance.now()) {
    this.#db = db;
    this.#now = now;
  }

  /** @throws what the database throws, with PostgreSQL's `code`. */
  async query<Row>(sql: string, params: readonly unknown[]): Promise<Row[]> {
    const db = this.#db;
    const { name, types } = await this.#statement(sql);
    const values = params.map((value, at) => {
      if (value === null || value === undefined) return null;
      return db.serializers[types[at] ?? 0]?.(value) ?? String(value);
    });
    const { messages } = await db.execProtocol(
      Buffer.concat([
        serialize.bind({ statement: name, values }),
        serialize.describe({ type: 'P' }),
        serialize.execute({}),
        serialize.sync(),
      ]),
    );
    return (parse.parseResults(messages, db.parsers)[0]?.rows ?? []) as Row[];
  }

  async #statement(sql: string): Promise<Statement> {
    const known = this.#statements.get(sql);
    const now = this.#now();
    if (known !== undefined && now < known.until) return known;
    if (known === undefined && this.#statements.size >= MOST) await this.#closeAll();
    const name = known?.name ?? `voiceflow_${this.#made++}`;
    this.#statements.delete(sql);
    const { messages } = await this.#db.execProtocol(
      Buffer.concat([
        // Closing a statement that does not exist is not an error.
        serialize.close({ type: 'S', name }),
        serialize.parse({ name, text: sql }),
        serialize.describe({ type: 'S', name }),
        serialize.sync(),
      ]),
    );
    const made = { name, types: parse.parseDescribeStatementResults(messages), until: now + FRESH_MS };
    this.#statements.set(sql, made);
    return made;
  }

  async #closeAll(): Promise<void> {
    this.#statements.clear();
    await this.#db.exec('deallocate all');
  }
}
