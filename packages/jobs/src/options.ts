import { invalidOption } from 'voiceflow-ml/core';
import { parseSecret } from './webhooks/sign.ts';
import type { Keep } from './worker/janitor.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** How and where jobs are stored; from the command line and the environment. */
export interface JobsOptions {
  /** The data folder, for the embedded database, and for audio unless it goes to a bucket. */
  readonly data?: string | undefined;
  /** `postgres://…`: uses a server instead of the embedded database. */
  readonly databaseUrl?: string | undefined;
  readonly s3?: Omit<import('./storage/s3.ts').S3Options, 'spool'> | undefined;
  readonly keep: Keep;
  /** Signs webhooks. With the embedded database, default: a generated one in the data folder. */
  readonly webhookSecret?: Uint8Array | undefined;
  /** Allows `url` and `webhook` to lead into private networks. */
  readonly allowPrivate: boolean;
  /** Seconds of audio that an API key may have processed in 24 hours; 0 for no limit. */
  readonly secondsPerDay: number;
  /** Largest number of queued jobs, of all keys. */
  readonly mostQueued: number;
  /** Largest recording in bytes that is fetched from a URL. */
  readonly urlBytes: number;
  readonly leaseSeconds: number;
  readonly retrySeconds: number;
}

const DAY = 86_400;
const DEFAULT_KEEP: Keep = { audio: 0, results: 30 * DAY };

/**
 * @param data `--data`, which has priority over `VOICEFLOW_DATA`.
 * @returns Undefined when neither a folder nor a database is given; then there are no jobs.
 * @throws `invalid-option`.
 */
export function jobsOptions(
  env: Environment,
  args: { data?: string | undefined; database?: string | undefined } = {},
): JobsOptions | undefined {
  const databaseUrl = text(args.database) ?? text(env.VOICEFLOW_DATABASE_URL);
  const data = text(args.data) ?? text(env.VOICEFLOW_DATA);
  if (databaseUrl === undefined && data === undefined) return undefined;
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw invalidOption(
      '--database (VOICEFLOW_DATABASE_URL) is not valid, expected an address that begins with postgres://',
    );
  }
  const s3 = s3Options(env);
  if (data === undefined && s3 === undefined) {
    throw invalidOption(
      'a database of jobs needs a storage for the audio',
      'Set --data DIR (shared by all machines), or VOICEFLOW_S3_BUCKET and the other VOICEFLOW_S3_* variables.',
    );
  }
  const secret = text(env.VOICEFLOW_WEBHOOK_SECRET);
  return {
    data,
    databaseUrl,
    s3,
    keep: parseKeep(text(env.VOICEFLOW_KEEP)),
    webhookSecret: secret === undefined ? undefined : parseSecret(secret),
    allowPrivate: /^(1|true|yes)$/i.test(env.VOICEFLOW_ALLOW_PRIVATE ?? ''),
    secondsPerDay: number(env, 'VOICEFLOW_JOBS_SECONDS_PER_DAY', 0, 0, 1e9),
    mostQueued: number(env, 'VOICEFLOW_JOBS_QUEUED', 100_000, 1, 1e8),
    urlBytes: number(env, 'VOICEFLOW_URL_BYTES', 1024 ** 3, 1, 1024 ** 4),
    leaseSeconds: number(env, 'VOICEFLOW_JOBS_LEASE_SECONDS', 15, 3, 3_600),
    retrySeconds: number(env, 'VOICEFLOW_JOBS_RETRY_SECONDS', 5, 0, 3_600),
  };
}

/**
 * Parses `audio=0,results=30d`: seconds, or numbers with the unit s, m, h or d.
 * @throws `invalid-option`.
 */
function parseKeep(value: string | undefined): Keep {
  const keep: { audio: number; results: number } = { ...DEFAULT_KEEP };
  for (const part of value?.split(',') ?? []) {
    const match = /^\s*(audio|results)\s*=\s*(\d{1,9})\s*([smhd]?)\s*$/.exec(part);
    if (match === null) {
      throw invalidOption(
        `VOICEFLOW_KEEP has "${part.slice(0, 40)}", expected audio=… or results=…`,
        'For example audio=0,results=30d (the default); the units are s, m, h and d.',
      );
    }
    const [, name, count, unit = ''] = match;
    keep[name as 'audio' | 'results'] = Number(count) * ({ m: 60, h: 3_600, d: DAY }[unit] ?? 1);
  }
  return keep;
}

function s3Options(env: Environment): JobsOptions['s3'] {
  const bucket = text(env.VOICEFLOW_S3_BUCKET);
  if (bucket === undefined) return undefined;
  const region = text(env.VOICEFLOW_S3_REGION) ?? text(env.AWS_REGION) ?? 'us-east-1';
  const accessKeyId = text(env.VOICEFLOW_S3_ACCESS_KEY_ID) ?? text(env.AWS_ACCESS_KEY_ID);
  const secretAccessKey = text(env.VOICEFLOW_S3_SECRET_ACCESS_KEY) ?? text(env.AWS_SECRET_ACCESS_KEY);
  const endpoint = text(env.VOICEFLOW_S3_ENDPOINT) ?? `https://s3.${region}.amazonaws.com`;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw invalidOption(
      'VOICEFLOW_S3_BUCKET is set without access keys',
      'Set VOICEFLOW_S3_ACCESS_KEY_ID and VOICEFLOW_S3_SECRET_ACCESS_KEY.',
    );
  }
  if (!URL.canParse(endpoint)) throw invalidOption('VOICEFLOW_S3_ENDPOINT is not a valid URL');
  return { endpoint, bucket, region, accessKeyId, secretAccessKey };
}

function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value;
}

function number(env: Environment, name: string, fallback: number, min: number, max: number): number {
  const setting = text(env[name]);
  const value = setting === undefined ? fallback : Number(setting);
  if (Number.isFinite(value) && value >= min && value <= max) return value;
  throw invalidOption(`${name} is "${setting}", expected a number from ${min} to ${max}`);
}
