import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { invalidOption } from 'voiceflow-ml/core';
import type { Database } from './database/database.ts';
import { openEmbedded } from './database/embedded.ts';
import { openPostgres } from './database/postgres.ts';
import type { JobsOptions } from './options.ts';
import { fetchAudio } from './outside/fetch-audio.ts';
import { Leases } from './queue/leases.ts';
import { folderStorage } from './storage/folder.ts';
import { s3Storage } from './storage/s3.ts';
import type { Storage } from './storage/storage.ts';
import { removeOldTemporaryFiles } from './storage/write-file.ts';
import { Voices } from './voices/voices.ts';
import { Caller } from './webhooks/caller.ts';
import { parseSecret } from './webhooks/sign.ts';
import { Janitor } from './worker/janitor.ts';
import { type JobMetrics, NO_METRICS } from './worker/metrics.ts';
import type { Recordings } from './worker/recordings.ts';
import { type Log, Worker } from './worker/worker.ts';

/** The opened database and storage, which the server and every worker use. */
export interface OpenJobs {
  readonly options: JobsOptions;
  readonly db: Database;
  readonly storage: Storage;
  readonly leases: Leases;
  readonly secret: Uint8Array | undefined;
}

/** The background work of this process: the worker, the webhooks, the janitor. */
export interface Working {
  /**
   * Claims no more jobs, finishes those that end within the grace period and releases the rest. The database stays
   * open.
   */
  stop(graceMs: number): Promise<void>;
}

/**
 * Opens the database, brings its schema up to date, and opens the storage.
 * @throws `invalid-option`, `backend-unavailable`.
 */
export async function openJobs(options: JobsOptions): Promise<OpenJobs> {
  const { databaseUrl, data } = options;
  const db = databaseUrl === undefined ? await openEmbedded(folderOf(data)) : await openPostgres(databaseUrl);
  try {
    const leases = new Leases(db, options);
    // Releases the jobs of the previous process and deletes its temporary files; no other process can have the database open.
    if (db.kind === 'embedded') {
      await leases.reap(true);
      await removeOldTemporaryFiles(spoolFolder(options), 0);
    }
    const storage =
      options.s3 === undefined
        ? folderStorage(folderOf(data), { flush: db.kind === 'server' })
        : s3Storage({ ...options.s3, spool: spoolFolder(options) });
    const secret = options.webhookSecret ?? (db.kind === 'embedded' ? ownSecret(folderOf(data)) : undefined);
    return { options, db, storage, leases, secret };
  } catch (error) {
    await db.close();
    throw error;
  }
}

/** Starts to work on jobs. @param recordings Undefined for webhooks and deletions only. */
export function startWorking(
  { options, db, storage, leases, secret }: OpenJobs,
  recordings: Recordings | undefined,
  {
    log,
    metrics = NO_METRICS,
    name = `${hostname()}:${process.pid}`,
  }: { log: Log; metrics?: JobMetrics; name?: string },
): Working {
  const { keep, allowPrivate, urlBytes } = options;
  const withUrl = fetchAudio({ folder: spoolFolder(options), maxBytes: urlBytes, allowPrivate });
  const voices = new Voices(db);
  const common = { db, leases, storage, log };
  const worker =
    recordings && new Worker({ ...common, name, recordings, voices, withUrl, metrics, deleteAudio: keep.audio === 0 });
  const janitor = new Janitor({ ...common, spool: spoolFolder(options), keep });
  const caller = secret && new Caller({ db, secret, allowPrivate, metrics, log });
  worker?.start();
  janitor.start();
  caller?.start();
  return {
    async stop(graceMs) {
      await worker?.stop(graceMs);
      await Promise.all([janitor.stop(), caller?.stop()]);
    },
  };
}

/** Folder of temporary audio files. */
function spoolFolder({ data }: JobsOptions): string {
  return data === undefined ? join(tmpdir(), 'voiceflow-spool') : join(data, 'spool');
}

function folderOf(data: string | undefined): string {
  if (data !== undefined) return data;
  throw invalidOption('no data folder is set', 'Set --data DIR.');
}

/** A secret that is generated at the first start, so that webhooks are signed without any setting. */
function ownSecret(folder: string): Uint8Array {
  const path = join(folder, 'webhook-secret');
  if (!existsSync(path)) writeFileSync(path, `whsec_${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  return parseSecret(readFileSync(path, 'utf8').trim());
}
