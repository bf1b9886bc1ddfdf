import { createHmac } from 'node:crypto';
import { invalidOption } from 'voiceflow-ml/core';

/** Headers of a signed call, by Standard Webhooks 1.0: receivers can verify it with any of its libraries. */
export function signedHeaders(secret: Uint8Array, id: string, body: string, seconds: number): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': String(seconds), 'webhook-signature': `v1,${signature}` };
}

const LEAST_BYTES = 24;

/**
 * Parses a secret in the form of Standard Webhooks: `whsec_` and base64.
 * @throws `invalid-option` for another form, or for fewer than 24 bytes.
 */
export function parseSecret(text: string): Uint8Array {
  const base64 = text.startsWith('whsec_') ? text.slice(6) : undefined;
  const bytes = Buffer.from(base64 ?? '', 'base64');
  if (bytes.length >= LEAST_BYTES) return bytes;
  throw invalidOption(
    `VOICEFLOW_WEBHOOK_SECRET is not valid, expected whsec_ and the base64 of at least ${LEAST_BYTES} bytes`,
    'Generate one with: echo whsec_$(openssl rand -base64 32)',
  );
}
