import { invalidOption } from 'voiceflow-ml/core';

/** All limits of the server. The names give the units: bytes, seconds or milliseconds. */
export interface Limits {
  /** Body of `/v1/diarize` and `/v1/embed`. */
  readonly bodyBytes: number;
  /** Body of `/v1/infer` and of each Open Inference Protocol (OIP) request. */
  readonly inferBodyBytes: number;
  /** Length of a recording. */
  readonly audioSeconds: number;
  /** Waiting requests, in each lane. */
  readonly queueRequests: number;
  /** Bodies in memory (arriving, waiting and being processed) and unsent responses. */
  readonly queueBytes: number;
  /**
   * From the last byte of a recording's body to its first progress, and between two progress reports. With a deadline
   * value by the client: to the response.
   */
  readonly deadlineMs: number;
  /** The whole work on a recording, even if it makes steady progress. */
  readonly workMs: number;
  /** From the last byte of a window's body to its response. */
  readonly inferDeadlineMs: number;
  readonly sessions: number;
  /** From connecting to the end of the header (only in entries that support it). */
  readonly headerMs: number;
  /** Between two chunks of a body, and between two messages of a live session. */
  readonly idleBodyMs: number;
  /** From SIGTERM to aborting what still runs. */
  readonly drainMs: number;
}

const MiB = 1024 * 1024;

interface LimitRule {
  readonly default: number;
  readonly env: string;
  readonly min: number;
  readonly max: number;
}

/** The contract's defaults, their environment variables and allowed ranges. */
export const LIMIT_RULES: Readonly<Record<keyof Limits, LimitRule>> = {
  bodyBytes: { default: 256 * MiB, env: 'VOICEFLOW_BODY_BYTES', min: 1, max: 4096 * MiB },
  inferBodyBytes: { default: MiB, env: 'VOICEFLOW_INFER_BODY_BYTES', min: 1, max: 256 * MiB },
  audioSeconds: { default: 4 * 3600, env: 'VOICEFLOW_AUDIO_SECONDS', min: 1, max: 7 * 24 * 3600 },
  queueRequests: { default: 64, env: 'VOICEFLOW_QUEUE_REQUESTS', min: 0, max: 100_000 },
  queueBytes: { default: 512 * MiB, env: 'VOICEFLOW_QUEUE_BYTES', min: 1, max: 1024 * 1024 * MiB },
  deadlineMs: { default: 30_000, env: 'VOICEFLOW_DEADLINE_MS', min: 1, max: 24 * 3_600_000 },
  workMs: { default: 30 * 60_000, env: 'VOICEFLOW_WORK_MS', min: 1, max: 24 * 3_600_000 },
  inferDeadlineMs: { default: 2_000, env: 'VOICEFLOW_INFER_DEADLINE_MS', min: 1, max: 3_600_000 },
  sessions: { default: 256, env: 'VOICEFLOW_SESSIONS', min: 0, max: 100_000 },
  headerMs: { default: 10_000, env: 'VOICEFLOW_HEADER_MS', min: 1, max: 3_600_000 },
  idleBodyMs: { default: 30_000, env: 'VOICEFLOW_IDLE_BODY_MS', min: 1, max: 3_600_000 },
  drainMs: { default: 35_000, env: 'VOICEFLOW_DRAIN_MS', min: 0, max: 24 * 3_600_000 },
};

/**
 * Takes limits from the options, then the environment, then the defaults.
 * @throws `invalid-option` with the limit, its value and its range.
 */
export function resolveLimits(
  options: Partial<Limits> = {},
  env: Readonly<Record<string, string | undefined>> = {},
): Limits {
  const limits: Record<string, number> = {};
  for (const [name, rule] of Object.entries(LIMIT_RULES) as [keyof Limits, LimitRule][]) {
    const value: unknown = options[name] ?? fromEnv(env[rule.env]) ?? rule.default;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < rule.min || value > rule.max) {
      throw invalidOption(
        `${name} (${rule.env}) is ${String(options[name] ?? env[rule.env])}, expected a whole number from ${rule.min} to ${rule.max}`,
        `Omit it to use the default, ${rule.default}.`,
      );
    }
    limits[name] = value;
  }
  return limits as unknown as Limits;
}

function fromEnv(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === '' ? undefined : Number(text);
}
