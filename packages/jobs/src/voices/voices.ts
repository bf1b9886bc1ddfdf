import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { type Database, isoTime } from '../database/database.ts';

export interface StoredVoice {
  readonly name: string;
  readonly space: string;
  readonly samples: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

interface NamedEmbedding {
  readonly name: string;
  readonly space: string;
  readonly embedding: readonly number[];
}

/** Most voices of one API key: every job gets all of them, and they are listed in one response. */
const MOST_VOICES = 2_000;
/** Most concurrent enrollments of one API key: each may have a recording on the disk. */
const MOST_AT_ONCE = 16;

const VOICE = `name, space, samples,
  ${isoTime('created_at')} as "createdAt", ${isoTime('updated_at')} as "updatedAt"`;

/**
 * The voice book of each API key. Embeddings are biometric data: they are stored for enrolled voices, but no route
 * returns them.
 */
export class Voices {
  readonly #db: Database;
  /** Running enrollments of each API key. */
  readonly #running = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  /** Adds a recording to a voice. The voice is the mean of all its recordings, scaled to unit length. */
  async enroll(key: string, { name, space, embedding }: NamedEmbedding): Promise<StoredVoice> {
    // Of two concurrent enrollments, the one whose update finds the other's change reads again.
    for (;;) {
      const [before] = await this.#db.query<{ embedding: number[]; samples: number }>(
        'select embedding, samples from voiceflow.voice where key = $1 and name = $2 and space = $3',
        [key, name, space],
      );
      const samples = before?.samples ?? 0;
      const mean = unit(embedding.map((value, at) => value + samples * (before?.embedding[at] ?? 0)));
      const [voice] = await this.#db.query<StoredVoice>(
        `insert into voiceflow.voice as v (key, name, space, embedding) values ($1, $2, $3, $4::real[])
        on conflict (key, name, space) do update set embedding = excluded.embedding, samples = v.samples + 1, updated_at = now()
          where v.samples = $5
        returning ${VOICE}`,
        [key, name, space, mean, samples],
      );
      if (voice !== undefined) return voice;
    }
  }

  /**
   * Runs an enrollment if its API key may begin one.
   * @throws `overloaded` for too many at once; `invalid-option` for a new name in a full book; what `enroll` throws.
   */
  async admit<T>(key: string, name: string, enroll: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key) ?? 0;
    if (running >= MOST_AT_ONCE) {
      throw new VoiceFlowError('overloaded', `${MOST_AT_ONCE} voices are being enrolled, which is the limit`, {
        hint: 'Try again after Retry-After seconds.',
        retryAfter: 1,
      });
    }
    this.#running.set(key, running + 1);
    try {
      await this.#checkRoom(key, name);
      return await enroll();
    } finally {
      const others = (this.#running.get(key) ?? 1) - 1;
      if (others > 0) this.#running.set(key, others);
      else this.#running.delete(key);
    }
  }

  async #checkRoom(key: string, name: string): Promise<void> {
    const [row] = await this.#db.query<{ count: number }>(
      'select count(*)::float8 as count from voiceflow.voice where key = $1 and name <> $2',
      [key, name],
    );
    if ((row?.count ?? 0) < MOST_VOICES) return;
    throw invalidOption(
      `${MOST_VOICES} voices are enrolled, which is the limit`,
      'Delete voices that are not needed; with fewer voices, fewer unknown speakers get a false name.',
    );
  }

  async list(key: string): Promise<StoredVoice[]> {
    return this.#db.query<StoredVoice>(`select ${VOICE} from voiceflow.voice where key = $1 order by name, space`, [
      key,
    ]);
  }

  /** The voices that recordings are compared with: those of the model's embedding space. */
  async known(key: string, space: string): Promise<NamedEmbedding[]> {
    return this.#db.query<NamedEmbedding>(
      'select name, space, embedding from voiceflow.voice where key = $1 and space = $2 order by name',
      [key, space],
    );
  }

  /**
   * @param names The name as it was given and as it is stored now; names of earlier versions were stored as given.
   * @returns Whether the voice existed.
   */
  async remove(key: string, names: readonly string[]): Promise<boolean> {
    const rows = await this.#db.query(
      'delete from voiceflow.voice where key = $1 and name = any($2::text[]) returning name',
      [key, [...names]],
    );
    return rows.length > 0;
  }
}

function unit(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}
