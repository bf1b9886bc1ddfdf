import { invalidOption } from 'voiceflow-ml/core';

const MiB = 1024 * 1024;

/** The contract's limits: defaults, environment variables and allowed ranges, in bytes, seconds or milliseconds. */
export const LIMIT_RULES = {
  /** Body of `/v1/diarize` and `/v1/embed`. */
  bodyBytes: { default: 256 * MiB, env: 'VOICEFLOW_BODY_BYTES', min: 1, max: 4096 * MiB },
  /** Body of `/v1/infer` and of each Open Inference Protocol (OIP) request. */
  inferBodyBytes: { default: MiB, env: 'VOICEFLOW_INFER_BODY_BYTES', min: 1, max: 256 * MiB },
  /** Length of a recording. */
  audioSeconds: { default: 4 * 3600, env: 'VOICEFLOW_AUDIO_SECONDS', min: 1, max: 7 * 24 * 3600 },
  /** Waiting requests, in each lane. */
  queueRequests: { default: 64, env: 'VOICEFLOW_QUEUE_REQUESTS', min: 0, max: 100_000 },
  /** Bodies in memory (arriving, waiting and being processed) and unsent responses. */
  queueBytes: { default: 512 * MiB, env: 'VOICEFLOW_QUEUE_BYTES', min: 1, max: 1024 * 1024 * MiB },
  /**
   * From the last byte of a recording's body to its first progress, and between two progress reports. With a deadline
   * value by the client: to the response.
   */
  deadlineMs: { default: 30_000, env: 'VOICEFLOW_DEADLINE_MS', min: 1, max: 24 * 3_600_000 },
  /** The whole work on a recording, even if it makes steady progress, and on a live session after its end. */
  workMs: { default: 30 * 60_000, env: 'VOICEFLOW_WORK_MS', min: 1, max: 24 * 3_600_000 },
  /** From the last byte of a window's body to its response. */
  inferDeadlineMs: { default: 2_000, env: 'VOICEFLOW_INFER_DEADLINE_MS', min: 1, max: 3_600_000 },
  /** Live sessions. */
  sessions: { default: 256, env: 'VOICEFLOW_SESSIONS', min: 0, max: 100_000 },
  /** From connecting to the end of the header (only in entries that support it). */
  headerMs: { default: 10_000, env: 'VOICEFLOW_HEADER_MS', min: 1, max: 3_600_000 },
  /** Between two chunks of a body, and between two messages of a live session. */
  idleBodyMs: { default: 30_000, env: 'VOICEFLOW_IDLE_BODY_MS', min: 1, max: 3_600_000 },
  /** From SIGTERM to aborting what still runs. */
  drainMs: { default: 35_000, env: 'VOICEFLOW_DRAIN_MS', min: 0, max: 24 * 3_600_000 },
} as const;

/** All limits of the server. The names give the units. */
export type Limits = { readonly [Name in keyof typeof LIMIT_RULES]: number };

/**
 * Takes limits from the options, then the environment, then the defaults.
 * @throws `invalid-option` with the limit, its value and its range.
 */
export function resolveLimits(
  options: Partial<Limits> = {},
  env: Readonly<Record<string, string | undefined>> = {},
): Limits {
  const resolve = ([name, rule]: [keyof Limits, (typeof LIMIT_RULES)[keyof Limits]]) => {
    const value = options[name] ?? fromEnv(env[rule.env]) ?? rule.default;
    if (!Number.isInteger(value) || value < rule.min || value > rule.max) {
      throw invalidOption(
        `${name} (${rule.env}) is ${String(options[name] ?? env[rule.env])}, expected a whole number from ${rule.min} to ${rule.max}`,
        `Omit it to use the default, ${rule.default}.`,
      );
    }
    return [name, value] as const;
  };
  const rules = Object.entries(LIMIT_RULES) as Parameters<typeof resolve>[0][];
  return Object.fromEntries(rules.map(resolve)) as Limits;
}

function fromEnv(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === '' ? undefined : Number(text);
}
