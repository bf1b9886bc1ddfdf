import { parseArgs } from 'node:util';
import { type JobsOptions, jobsOptions } from '@voiceflow-ml/jobs/options';
import { VoiceFlowError } from 'voiceflow-ml/core';
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
  readonly help: boolean;
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

export const SERVE_HELP = `Usage: serve [options]

  --host HOST      where to listen (127.0.0.1)            VOICEFLOW_HOST
  --port PORT      8080; 0 for any free one               VOICEFLOW_PORT
  --workers N      worker processes (one a core)          VOICEFLOW_WORKERS
  --model NAME     standard, fast-cnn, accurate (pulled)  VOICEFLOW_MODEL
  --backend NAME   node, wasm or auto (auto)              VOICEFLOW_BACKEND
  --cors ORIGINS   pages that may call, or * (none)       VOICEFLOW_CORS
  --quota N        requests a minute and client (none)    VOICEFLOW_QUOTA
  --data DIR       keeps jobs (/v1/jobs) in a folder      VOICEFLOW_DATA
  --database URL   keeps jobs in PostgreSQL               VOICEFLOW_DATABASE_URL
  --api-only       takes jobs, leaves them to workers     VOICEFLOW_API_ONLY=1
  --nice N         below its workers' priority (5)        VOICEFLOW_NICE
  --open           no keys needed beyond loopback         VOICEFLOW_OPEN=1
  --help

API keys come from VOICEFLOW_API_KEYS (name:key,name:key), other names of this server from
VOICEFLOW_ALLOWED_HOSTS, proxies whose X-Forwarded-For counts from VOICEFLOW_TRUSTED_PROXIES. Limits: VOICEFLOW_BODY_BYTES,
VOICEFLOW_QUEUE_JOBS, VOICEFLOW_DEADLINE_MS, … (README of @voiceflow-ml/server). Jobs: VOICEFLOW_S3_*,
VOICEFLOW_KEEP, VOICEFLOW_WEBHOOK_SECRET, … (README of @voiceflow-ml/jobs).
`;

/**
 * Options from the command line, then the environment.
 * @throws `invalid-option`.
 */
export function parseServeArgs(args: readonly string[], env: Environment): ProgramOptions {
  const values = parseOptions(args, OPTIONS);
  const text = (name: 'host' | 'port' | 'workers' | 'model' | 'backend' | 'cors' | 'quota' | 'nice') => {
    const value = values[name] ?? env[`VOICEFLOW_${name.toUpperCase()}`];
    return value === undefined || value === '' ? undefined : value;
  };
  const number = (name: 'port' | 'workers' | 'quota') => {
    const value = text(name);
    return value === undefined ? undefined : Number(value);
  };
  return {
    help: values.help ?? false,
    jobs: jobsOptions(env, { data: values.data, database: values.database }),
    apiOnly: values['api-only'] ?? isTrue(env.VOICEFLOW_API_ONLY),
    nice: whole('nice', Number(text('nice') ?? NICE), 0, 19),
    open: values.open ?? isTrue(env.VOICEFLOW_OPEN),
    keys: parseApiKeys(env.VOICEFLOW_API_KEYS),
    host: text('host'),
    port: number('port'),
    workers: number('workers'),
    model: text('model'),
    backend: backendNamed(text('backend')),
    corsOrigins: listOf(text('cors')),
    quotaPerMinute: number('quota'),
    allowedHosts: listOf(env.VOICEFLOW_ALLOWED_HOSTS),
    trustedProxies: listOf(env.VOICEFLOW_TRUSTED_PROXIES),
  };
}

function isTrue(text: string | undefined): boolean {
  return /^(1|true|yes)$/i.test(text ?? '');
}

const OPTIONS = {
  host: { type: 'string' },
  port: { type: 'string' },
  workers: { type: 'string' },
  model: { type: 'string' },
  backend: { type: 'string' },
  cors: { type: 'string' },
  quota: { type: 'string' },
  data: { type: 'string' },
  database: { type: 'string' },
  'api-only': { type: 'boolean' },
  nice: { type: 'string' },
  open: { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

type OptionKinds = Readonly<Record<string, { readonly type: 'string' | 'boolean'; readonly short?: string }>>;

/** The values of a program's options. @throws `invalid-option`. */
export function parseOptions<O extends OptionKinds>(
  args: readonly string[],
  options: O,
): { readonly [Name in keyof O]?: O[Name]['type'] extends 'boolean' ? boolean : string } {
  try {
    return parseArgs({ args: [...args], options: { ...options } }).values as ReturnType<typeof parseOptions<O>>;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new VoiceFlowError('invalid-option', message, { hint: 'Try --help.', cause });
  }
}

/**
 * Fills in the defaults and refuses what is not safe.
 * @throws `invalid-option` for a bad value, and for listening beyond loopback without keys and without `open`.
 */
export function resolveOptions(options: ServeOptions, env: Environment, cores: number): ResolvedOptions {
  const resolved = {
    host: options.host ?? '127.0.0.1',
    port: whole('port', options.port ?? 8080, 0, 65_535),
    workers: whole('workers', options.workers ?? cores, 1, 256),
    model: options.model ?? 'standard',
    backend: options.backend ?? 'auto',
    keys: options.keys ?? [],
    open: options.open ?? false,
    corsOrigins: options.corsOrigins ?? [],
    allowedHosts: options.allowedHosts?.map((name) => name.toLowerCase()),
    trustedProxies: options.trustedProxies ?? [],
    quotaPerMinute: whole('quota', options.quotaPerMinute ?? 0, 0, 1_000_000),
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

function backendNamed(name: string | undefined): BackendName | undefined {
  if (name === undefined || name === 'auto' || name === 'node' || name === 'wasm') return name;
  throw new VoiceFlowError('invalid-option', `backend is "${name.slice(0, 20)}", expected node, wasm or auto`);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new VoiceFlowError('invalid-option', `${name} is ${value}, expected a whole number from ${min} to ${max}`);
}
