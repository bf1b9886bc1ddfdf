import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';
import type { JobJson } from './types.ts';

/** The webhook call of a server when a job has ended. */
export interface WebhookEvent {
  /** The same for every repetition of a call; use it to ignore repetitions. */
  readonly id: string;
  readonly type: 'job.succeeded' | 'job.failed';
  /** When the job ended, ISO 8601. */
  readonly timestamp: string;
  readonly data: Pick<JobJson, 'id' | 'metadata' | 'audioSeconds'> & {
    readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string } | null;
    readonly state: 'succeeded' | 'failed';
    /** The path of the result on the server. */
    readonly result: string;
  };
}

export interface VerifyWebhookOptions {
  /** The server's `VOICEFLOW_WEBHOOK_SECRET` (`whsec_…`); several while it is being replaced. */
  readonly secret: string | readonly string[];
  /** Largest difference between the call's time and now in seconds (default 300); older calls may be replays. */
  readonly toleranceSeconds?: number;
  /** Milliseconds since 1970; for tests. */
  readonly now?: () => number;
}

/** Headers of a request on any runtime: `Headers`, or those of `node:http`. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

const SECRET_PREFIX = 'whsec_';
const DEFAULT_TOLERANCE_SECONDS = 300;

/**
 * Verifies a webhook call by its signature (Standard Webhooks 1.0: HMAC-SHA-256 of id, time and body) and its time.
 * @param body The raw body, before any parsing.
 * @throws `unauthorized` for a call that is not from the server or too old; `invalid-option` for an invalid secret.
 */
export async function verifyWebhook(
  headers: WebhookHeaders,
  body: string | Uint8Array,
  { secret, toleranceSeconds = DEFAULT_TOLERANCE_SECONDS, now = Date.now }: VerifyWebhookOptions,
): Promise<WebhookEvent> {
  const id = headerOf(headers, 'webhook-id');
  const time = headerOf(headers, 'webhook-timestamp');
  const signatures = headerOf(headers, 'webhook-signature');
  if (!/^\d{1,12}$/.test(time))
    throw unauthorized(`webhook-timestamp is "${time.slice(0, 40)}", expected a Unix time in seconds`);
  const age = now() / 1000 - Number(time);
  if (!(Math.abs(age) <= toleranceSeconds)) {
    throw unauthorized(
      `signed ${Math.round(age)} s ago, the tolerance is ${toleranceSeconds} s`,
      'Check the clocks of both machines.',
    );
  }
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = new TextEncoder().encode(`${id}.${time}.${text}`);
  const received = signatures
    .split(' ')
    .flatMap((each) => (each.startsWith('v1,') ? (bytesOf(each.slice(3)) ?? []) : []));
  for (const each of typeof secret === 'string' ? [secret] : secret) {
    const key = await keyOf(each);
    for (const signature of received) {
      if (await crypto.subtle.verify('HMAC', key, signature, signed)) return { id, ...JSON.parse(text) };
    }
  }
  throw unauthorized('no signature matches', 'Check the secret, and pass the body unchanged.');
}

function headerOf(headers: WebhookHeaders, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value === 'string' && value !== '') return value;
  throw unauthorized(`the header ${name} is missing`);
}

async function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = secret.startsWith(SECRET_PREFIX) ? bytesOf(secret.slice(SECRET_PREFIX.length).trim()) : undefined;
  if (bytes === undefined || bytes.length === 0) {
    throw invalidOption(
      `invalid secret, expected ${SECRET_PREFIX} followed by base64`,
      "Pass the server's VOICEFLOW_WEBHOOK_SECRET, or the content of webhook-secret in its data folder.",
    );
  }
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function unauthorized(why: string, hint = 'Reject the call.'): VoiceFlowError {
  return new VoiceFlowError('unauthorized', `the webhook call is not authentic: ${why}`, { hint });
}
