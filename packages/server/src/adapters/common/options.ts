import { type JobsOptions, jobsOptions } from '@voiceflow-ml/jobs/options';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { choice, flag, integer, listOptions, onlyOptions, text } from '../../args/index.ts';
import { type Limits, resolveLimits } from '../../limits.ts';
import { type ApiKey, parseApiKeys } from '../../middleware/auth.ts';

/** How to serve; everything has a default. */
export interface ServeOptions {
  /** `127.0.0.1` by default. */
  readonly host?: string | undefined;
  /** 8080 by default; 0 for any that is free. */
  readonly port?: number | undefined;
  /** Worker processes, by default one a core. */
  readonly workers?: number | undefined;
  /** `standard` (the Fast CNN with the segmenter beside it) by default; or `fast-cnn`. */
  readonly model?: string | undefined;
  /** What runs the network: by default ONNX Runtime's native build where it is installed, else WebAssembly. */
  readonly backend?: BackendName | undefined;
  readonly keys?: readonly ApiKey[] | undefined;
  /** Lets everybody in when listening beyond loopback without keys. */
  readonly open?: boolean | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
  /** Names by which it may be asked, beside those of loopback; any where it has keys or listens beyond loopback. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Proxies (addresses or CIDR ranges) whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly quotaPerMinute?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Where jobs are kept; there are none without. */
  readonly jobs?: JobsOptions | undefined;
  /** Jobs are left to workers elsewhere. */
  readonly apiOnly?: boolean | undefined;
}

export type BackendName = 'auto' | 'node' | 'wasm';

/** What only the program takes. */
export interface ProgramOptions extends ServeOptions {
  /** How much nicer the server is than its workers: by 5, they get three times its share of a core that both want. */
  readonly nice: number;
}

const NICE = 5;

/** The same with the defaults filled in. */
export type ResolvedOptions = {
  readonly [Name in keyof Omit<ServeOptions, 'limits' | 'allowedHosts' | 'jobs'>]-?: NonNullable<ServeOptions[Name]>;
} & {
  readonly limits: Limits;
  readonly allowedHosts: readonly string[] | undefined;
  readonly jobs: JobsOptions | undefined;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/** Inclusive, of what both the program and `serve…()` take. */
const PORTS = [0, 65_535] as const;
const WORKERS = [1, 256] as const;
const QUOTAS = [0, 1_000_000] as const;

/** What programs that do the work of the network take. */
export const WORK_OPTIONS = {
  data: { ...text('DIR', 'a folder for jobs (/v1/jobs) and their audio'), env: 'VOICEFLOW_DATA' },
  database: { ...text('URL', 'postgres://… with the jobs'), env: 'VOICEFLOW_DATABASE_URL' },
  workers: { ...integer(WORKERS, 'N', 'recordings at once (1)'), env: 'VOICEFLOW_WORKERS' },
  model: { ...text('NAME', 'standard (default), fast-cnn, or a pulled one: light, accurate'), env: 'VOICEFLOW_MODEL' },
};

const OPTIONS = {
  host: { ...text('HOST', 'where to listen (127.0.0.1)'), env: 'VOICEFLOW_HOST' },
  port: { ...integer(PORTS, 'PORT', '8080; 0 for any that is free'), env: 'VOICEFLOW_PORT' },
  ...WORK_OPTIONS,
  workers: { ...WORK_OPTIONS.workers, help: 'worker processes (one a core)' },
  backend: { ...choice(['auto', 'node', 'wasm'], 'what runs the network (auto)'), env: 'VOICEFLOW_BACKEND' },
  cors: { ...text('ORIGINS', 'pages that may call, or * (none)'), env: 'VOICEFLOW_CORS' },
  quota: { ...integer(QUOTAS, 'N', 'requests a minute and client (no bound)'), env: 'VOICEFLOW_QUOTA' },
  'api-only': { ...flag('takes jobs, leaves them to workers'), env: 'VOICEFLOW_API_ONLY' },
  nice: { ...integer([0, 19], NICE, "below its workers' priority"), env: 'VOICEFLOW_NICE' },
  open: { ...flag('no keys needed beyond loopback'), env: 'VOICEFLOW_OPEN' },
};

export const SERVE_HELP = `Usage: serve [options]

${listOptions(OPTIONS).join('\n')}

API keys come from VOICEFLOW_API_KEYS (name:key,name:key), other names of this server from
VOICEFLOW_ALLOWED_HOSTS, proxies whose X-Forwarded-For counts from VOICEFLOW_TRUSTED_PROXIES. Limits: VOICEFLOW_BODY_BYTES,
VOICEFLOW_QUEUE_REQUESTS, VOICEFLOW_DEADLINE_MS, … (README of @voiceflow-ml/server). Jobs: VOICEFLOW_S3_*,
VOICEFLOW_KEEP, VOICEFLOW_WEBHOOK_SECRET, … (README of @voiceflow-ml/jobs).
`;

/**
 * Options from the command line, then the environment.
 * @throws `invalid-option`.
 */
export function parseServeArgs(args: readonly string[], env: Environment): ProgramOptions {
  const { data, database, cors, quota, 'api-only': apiOnly, ...options } = onlyOptions(args, OPTIONS, env);
  return {
    ...options,
    apiOnly,
    jobs: jobsOptions(env, { data, database }),
    keys: parseApiKeys(env.VOICEFLOW_API_KEYS),
    corsOrigins: listOf(cors),
    quotaPerMinute: quota,
    allowedHosts: listOf(env.VOICEFLOW_ALLOWED_HOSTS),
    trustedProxies: listOf(env.VOICEFLOW_TRUSTED_PROXIES),
  };
}

/**
 * Fills in the defaults and refuses what is not safe.
 * @throws `invalid-option` for a bad value, and for listening beyond loopback without keys and without `open`.
 */
export function resolveOptions(options: ServeOptions, env: Environment, cores: number): ResolvedOptions {
  const resolved = {
    host: options.host ?? '127.0.0.1',
    port: whole('port', options.port ?? 8080, PORTS),
    workers: whole('workers', options.workers ?? cores, WORKERS),
    model: options.model ?? 'standard',
    backend: options.backend ?? 'auto',
    keys: options.keys ?? [],
    open: options.open ?? false,
    corsOrigins: options.corsOrigins ?? [],
    allowedHosts: options.allowedHosts?.map((name) => name.toLowerCase()),
    trustedProxies: options.trustedProxies ?? [],
    quotaPerMinute: whole('quota', options.quotaPerMinute ?? 0, QUOTAS),
    limits: resolveLimits(options.limits, env),
    jobs: options.jobs,
    apiOnly: options.apiOnly ?? false,
  };
  if (!isLoopback(resolved.host) && resolved.keys.length === 0 && !resolved.open) {
    throw new VoiceFlowError(
      'invalid-option',
      `listening on ${resolved.host} without API keys would let everybody in`,
      {
        hint: 'Set VOICEFLOW_API_KEYS, or say --open if that is meant.',
      },
    );
  }
  const open = isLoopback(resolved.host) && resolved.keys.length === 0;
  return { ...resolved, allowedHosts: resolved.allowedHosts ?? (open ? [] : undefined) };
}

function listOf(text = ''): string[] | undefined {
  const list = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return list.length === 0 ? undefined : list;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function whole(name: string, value: number, [least, most]: readonly [number, number]): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new VoiceFlowError('invalid-option', `${name} is ${value}, expected a whole number from ${least} to ${most}`);
}
