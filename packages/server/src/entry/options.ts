import { parseArgs } from 'node:util';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { type ApiKey, parseApiKeys } from '../app/auth.ts';
import { type Limits, resolveLimits } from '../app/limits.ts';

/** How to serve; everything has a default. */
export interface ServeOptions {
  /** `127.0.0.1` by default. */
  readonly host?: string;
  /** 8080 by default; 0 for any that is free. */
  readonly port?: number;
  /** Worker processes, by default one a core. */
  readonly workers?: number;
  /** `standard` (the Fast CNN with the segmenter beside it) by default; or `fast-cnn`. */
  readonly model?: string;
  readonly keys?: readonly ApiKey[];
  /** Lets everybody in when listening beyond loopback without keys. */
  readonly open?: boolean;
  readonly corsOrigins?: readonly string[];
  readonly quotaPerMinute?: number;
  readonly limits?: Partial<Limits>;
}

/** What only the program takes. */
export interface ProgramOptions extends ServeOptions {
  readonly help: boolean;
  /** How much nicer the server is than its workers: by 5, they get three times its share of a core that both want. */
  readonly nice: number;
}

const NICE = 5;

/** The same with the defaults filled in. */
export type ResolvedOptions = Required<Omit<ServeOptions, 'limits'>> & { readonly limits: Limits };

export type Environment = Readonly<Record<string, string | undefined>>;

export const SERVE_HELP = `Usage: serve [options]

  --host HOST      where to listen (127.0.0.1)            VOICEFLOW_HOST
  --port PORT      8080; 0 for any free one               VOICEFLOW_PORT
  --workers N      worker processes (one a core)          VOICEFLOW_WORKERS
  --model NAME     standard or fast-cnn (standard)        VOICEFLOW_MODEL
  --cors ORIGINS   pages that may call, or * (none)       VOICEFLOW_CORS
  --quota N        requests a minute and client (none)    VOICEFLOW_QUOTA
  --nice N         below its workers' priority (5)        VOICEFLOW_NICE
  --open           no keys needed beyond loopback         VOICEFLOW_OPEN=1
  --help

API keys come from VOICEFLOW_API_KEYS (name:key,name:key). Limits: VOICEFLOW_BODY_BYTES,
VOICEFLOW_QUEUE_JOBS, VOICEFLOW_DEADLINE_MS, … (README of @voiceflow-ml/server).
`;

/**
 * Options from the command line, then the environment.
 * @throws `invalid-option`.
 */
export function parseServeArgs(args: readonly string[], env: Environment): ProgramOptions {
  const values = parse(args);
  const text = (name: 'host' | 'port' | 'workers' | 'model' | 'cors' | 'quota' | 'nice') => {
    const value = values[name] ?? env[`VOICEFLOW_${name.toUpperCase()}`];
    return value === undefined || value === '' ? undefined : value;
  };
  const [host, port, workers, model] = [text('host'), text('port'), text('workers'), text('model')];
  const [cors, quota] = [text('cors'), text('quota')];
  return {
    help: values.help ?? false,
    nice: whole('nice', Number(text('nice') ?? NICE), 0, 19),
    open: values.open ?? /^(1|true|yes)$/i.test(env.VOICEFLOW_OPEN ?? ''),
    keys: parseApiKeys(env.VOICEFLOW_API_KEYS),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(workers === undefined ? {} : { workers: Number(workers) }),
    ...(model === undefined ? {} : { model }),
    ...(cors === undefined ? {} : { corsOrigins: cors.split(',').map((origin) => origin.trim()) }),
    ...(quota === undefined ? {} : { quotaPerMinute: Number(quota) }),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        host: { type: 'string' },
        port: { type: 'string' },
        workers: { type: 'string' },
        model: { type: 'string' },
        cors: { type: 'string' },
        quota: { type: 'string' },
        nice: { type: 'string' },
        open: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values;
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
  const resolved: ResolvedOptions = {
    host: options.host ?? '127.0.0.1',
    port: whole('port', options.port ?? 8080, 0, 65_535),
    workers: whole('workers', options.workers ?? cores, 1, 256),
    model: options.model ?? 'standard',
    keys: options.keys ?? [],
    open: options.open ?? false,
    corsOrigins: options.corsOrigins ?? [],
    quotaPerMinute: whole('quota', options.quotaPerMinute ?? 0, 0, 1_000_000),
    limits: resolveLimits(options.limits, env),
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
  return resolved;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function whole(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new VoiceFlowError('invalid-option', `${name} is ${value}, expected a whole number from ${min} to ${max}`);
}
