import { type JobsOptions, jobsOptions } from '@voiceflow-ml/jobs/options';
import { invalidOption } from 'voiceflow-ml/core';
import { MODEL_NAMES } from 'voiceflow-ml/installed';
import { type ApiKey, parseApiKeys } from '../../admission/auth.ts';
import { choice, flag, integer, listOptions, onlyOptions, text } from '../../args/index.ts';
import { type Limits, resolveLimits } from '../../limits.ts';

/** Options of a server; all have defaults. */
export interface ServeOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default: 8080. 0 for any free port. */
  readonly port?: number | undefined;
  /** Worker processes; default: one per core. */
  readonly workers?: number | undefined;
  /** One of `MODEL_NAMES`; default `standard` (the Fast CNN and the segmenter). */
  readonly model?: string | undefined;
  /** The backend of the network. Default: ONNX Runtime's native build if it is installed, else WebAssembly. */
  readonly backend?: BackendName | undefined;
  readonly keys?: readonly ApiKey[] | undefined;
  /** Allows listening beyond loopback without keys, so that everybody has access. */
  readonly open?: boolean | undefined;
  readonly corsOrigins?: readonly string[] | undefined;
  /** Allowed `Host` names besides those of loopback. Default: any with keys or when listening beyond loopback. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Proxies (addresses or CIDR ranges) whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly quotaPerMinute?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Where jobs are stored. Without it the server has no jobs. */
  readonly jobs?: JobsOptions | undefined;
  /** Leaves the processing of jobs to other workers. */
  readonly apiOnly?: boolean | undefined;
}

type BackendName = 'auto' | 'node' | 'wasm';

interface ProgramOptions extends ServeOptions {
  /**
   * Niceness of the server relative to its workers. With 5, workers get three times the server's share of a contended
   * core.
   */
  readonly nice: number;
}

const NICE = 5;

/** `ServeOptions` with the defaults filled in. */
export type ResolvedOptions = ReturnType<typeof resolveOptions>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Inclusive ranges of options, for both the program and `serve…()`. */
const PORTS = [0, 65_535] as const;
const WORKERS = [1, 256] as const;
const QUOTAS = [0, 1_000_000] as const;

/** Options of programs that run the network. */
export const WORK_OPTIONS = {
  data: { ...text('DIR', 'folder for jobs (/v1/jobs) and their audio'), env: 'VOICEFLOW_DATA' },
  database: { ...text('URL', 'PostgreSQL database of the jobs (postgres://…)'), env: 'VOICEFLOW_DATABASE_URL' },
  workers: { ...integer(WORKERS, 'N', 'recordings processed concurrently (default 1)'), env: 'VOICEFLOW_WORKERS' },
  model: {
    ...choice(MODEL_NAMES, 'standard (default), fast-cnn, or a downloaded model: light, accurate, pyannote'),
    value: 'NAME',
    env: 'VOICEFLOW_MODEL',
  },
};

const OPTIONS = {
  host: { ...text('HOST', 'address to listen on (default 127.0.0.1)'), env: 'VOICEFLOW_HOST' },
  port: { ...integer(PORTS, 'PORT', 'port to listen on (default 8080); 0 for any free port'), env: 'VOICEFLOW_PORT' },
  ...WORK_OPTIONS,
  workers: { ...WORK_OPTIONS.workers, help: 'number of worker processes (default: one for each core)' },
  backend: { ...choice(['auto', 'node', 'wasm'], 'what runs the network (default auto)'), env: 'VOICEFLOW_BACKEND' },
  cors: {
    ...text('ORIGINS', 'origins of web pages that may call the server, or * (default: none)'),
    env: 'VOICEFLOW_CORS',
  },
  quota: { ...integer(QUOTAS, 'N', 'requests per minute for each client (default: no limit)'), env: 'VOICEFLOW_QUOTA' },
  'api-only': { ...flag('accept jobs, but leave their processing to workers'), env: 'VOICEFLOW_API_ONLY' },
  nice: {
    ...integer([0, 19], NICE, `niceness of the server relative to its workers (default ${NICE})`),
    value: 'N',
    env: 'VOICEFLOW_NICE',
  },
  open: { ...flag('allow listening beyond loopback without API keys'), env: 'VOICEFLOW_OPEN' },
};

export const SERVE_HELP = `Options
${listOptions(OPTIONS).join('\n')}

VOICEFLOW_API_KEYS sets the API keys (name:key,name:key), VOICEFLOW_ALLOWED_HOSTS the host names of
this server, VOICEFLOW_TRUSTED_PROXIES the proxies whose X-Forwarded-For is trusted.
Limits: VOICEFLOW_BODY_BYTES, VOICEFLOW_QUEUE_REQUESTS, VOICEFLOW_DEADLINE_MS, … (README of
@voiceflow-ml/server). Jobs: VOICEFLOW_S3_*, VOICEFLOW_KEEP, VOICEFLOW_WEBHOOK_SECRET, … (README of
@voiceflow-ml/jobs).
`;

/**
 * Reads options from the command line, then from the environment.
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
 * Fills in the defaults and refuses unsafe combinations.
 * @throws `invalid-option` for a bad value, and for listening beyond loopback without keys and without `open`.
 */
export function resolveOptions(options: ServeOptions, env: Environment, cores: number) {
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
    throw invalidOption(
      `listening on ${resolved.host} without API keys would give everybody access`,
      'Set VOICEFLOW_API_KEYS, or use --open to allow this.',
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
  throw invalidOption(`${name} is ${value}, expected a whole number from ${least} to ${most}`);
}
