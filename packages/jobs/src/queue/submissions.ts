import { createHash } from 'node:crypto';
import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import { DatabaseError, isUnavailable } from '../database/database.ts';
import { checkAddress } from '../outside/request.ts';
import { objectOf, type Storage } from '../storage/storage.ts';
import { type Stored, storeRecording, type Upload } from '../storage/upload.ts';
import { uuidv7 } from '../uuid.ts';
import type { Jobs, Submitted } from './jobs.ts';
import type { Job, NewJob } from './types.ts';

/** Largest metadata of a job, in characters of JSON. */
const MOST_METADATA = 16_384;

/** What a client submits, without its recording. */
export type Submission = Pick<NewJob, 'options' | 'priority' | 'metadata' | 'webhook' | 'url'>;

interface SubmissionsParts {
  readonly jobs: Jobs;
  readonly storage: Storage;
  readonly allowPrivate: boolean;
  /** Whether webhooks can be signed. */
  readonly webhooks: boolean;
}

interface Repeat {
  readonly fields: Pick<NewJob, 'idempotencyKey' | 'digest'>;
  /** The job that was created earlier with the same idempotency key. */
  readonly job?: Job | undefined;
}

/** Makes jobs of what clients submit. */
export class Submissions {
  readonly #parts: SubmissionsParts;

  constructor(parts: SubmissionsParts) {
    this.#parts = parts;
  }

  /** @throws `invalid-option` for what cannot be stored, and for addresses that this server does not use. */
  check({ options, metadata, url, webhook }: Omit<Submission, 'priority'>): void {
    const { allowPrivate, webhooks } = this.#parts;
    checkStorable({ ...options, metadata, url, webhook });
    if (metadata !== undefined && JSON.stringify(metadata).length > MOST_METADATA)
      throw invalidOption(`metadata has more than ${MOST_METADATA} characters as JSON`);
    if (url !== undefined) checkAddress('url', url, allowPrivate);
    if (webhook === undefined) return;
    if (!webhooks) {
      throw invalidOption(
        'webhook cannot be used: this server has no secret to sign calls with',
        'The operator of the server must set VOICEFLOW_WEBHOOK_SECRET.',
      );
    }
    checkAddress('webhook', webhook, allowPrivate);
  }

  /**
   * Finds the job that an earlier request with the same idempotency key has created.
   * @param content Identifies the content of the request, without the bytes of the recording, which are not read twice.
   * @throws `invalid-option` for a key that is not valid or was used for a different request.
   */
  async repeat(key: string, idempotencyKey: string | undefined, content: string): Promise<Repeat> {
    if (idempotencyKey === undefined) return { fields: {} };
    if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey))
      throw invalidOption('Idempotency-Key is invalid, expected 1 to 255 visible characters');
    const digest = createHash('sha256').update(content).digest('hex');
    const job = await this.#parts.jobs.repeated(key, idempotencyKey, digest);
    return { fields: { idempotencyKey, digest }, job };
  }

  /** Submits a job with a `url`. */
  submit(job: Omit<NewJob, 'id'>): Promise<Submitted> {
    return this.#parts.jobs.submit({ id: uuidv7(), ...job });
  }

  /**
   * Stores a recording, then submits the job that `make` returns for it. Deletes the recording when the job does not
   * exist afterwards.
   */
  async submitRecording(upload: Upload, make: (stored: Stored) => Omit<NewJob, 'id'>): Promise<Submitted> {
    const { jobs, storage } = this.#parts;
    const id = uuidv7();
    const object = objectOf(id);
    const discard = () => storage.delete(object).catch(() => {});
    let job: NewJob;
    try {
      const stored = await storeRecording(storage, object, upload);
      job = { id, ...make(stored), object, bytes: stored.bytes };
    } catch (error) {
      await discard();
      throw error;
    }
    try {
      const submitted = await jobs.submit(job);
      if (submitted.repeated) await discard();
      return submitted;
    } catch (error) {
      // After a lost response the job may exist, and it needs its audio. Without a job, the janitor deletes the audio.
      const isRefused = error instanceof DatabaseError || (VoiceFlowError.isInstance(error) && !isUnavailable(error));
      if (isRefused) await discard();
      throw error;
    }
  }
}

/** PostgreSQL cannot store text with U+0000 or a lone surrogate. @throws `invalid-option`. */
function checkStorable(params: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(params)) {
    // JSON writes both as escapes. Double backslashes are removed, since they stand for a backslash in the text itself.
    const json = (JSON.stringify(value) ?? '').replaceAll('\\\\', '');
    const bad = /\\u(0000|d[89a-f])/.exec(json);
    if (bad !== null) {
      throw invalidOption(`${name} has the character ${bad[0]}, which cannot be stored`, 'Remove it.');
    }
  }
}
