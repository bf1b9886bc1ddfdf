import { createHash } from 'node:crypto';
import { VoiceFlowError } from 'voiceflow-ml/core';

/** Crashes after which an input is refused. A single crash may be chance. */
export const MAX_CRASHES = 2;
const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 1_000;

/** Inputs that crashed workers and are refused for a while. */
export class PoisonList {
  /** Oldest first. */
  readonly #inputs: { readonly size: number; readonly digest: string; readonly until: number }[] = [];

  add(body: readonly Uint8Array[]): void {
    this.#inputs.push({ size: sizeOf(body), digest: digestOf(body), until: performance.now() + REMEMBERED_MS });
    if (this.#inputs.length > MAX_REMEMBERED) this.#inputs.shift();
  }

  /** @throws `backend-failed` for an input that crashed workers before. */
  check(body: readonly Uint8Array[]): void {
    const size = sizeOf(body);
    const now = performance.now();
    const alike = this.#inputs.filter((input) => input.size === size && input.until > now);
    if (alike.length === 0) return;
    // Computed only for inputs of such a size.
    const digest = digestOf(body);
    if (alike.some((input) => input.digest === digest)) throw poisonous();
  }
}

export function poisonous(): VoiceFlowError {
  return new VoiceFlowError('backend-failed', `this input crashed ${MAX_CRASHES} worker processes`, {
    hint: 'It is refused for 10 minutes. Please report this bug, with the file.',
  });
}

function sizeOf(body: readonly Uint8Array[]): number {
  return body.reduce((sum, chunk) => sum + chunk.byteLength, 0);
}

function digestOf(body: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}
