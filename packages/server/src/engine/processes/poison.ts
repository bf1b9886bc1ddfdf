import { createHash } from 'node:crypto';
import { VoiceFlowError } from 'voiceflow-ml/core';

/** Crashes after which an input is refused. A single crash may be chance. */
export const MAX_CRASHES = 2;
const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 1_000;

/** Inputs that crashed workers and are refused for a while. */
export class PoisonList {
  /** Expiry times by digest, oldest first. */
  readonly #until = new Map<string, number>();
  /** Expiry times by size of these inputs: a digest is computed only for inputs of such a size. */
  readonly #sizes = new Map<number, number>();

  add(body: readonly Uint8Array[]): void {
    const size = sizeOf(body);
    const until = performance.now() + REMEMBERED_MS;
    this.#sizes.set(size, until);
    this.#until.set(digestOf(body), until);
    for (const map of [this.#until, this.#sizes] as Map<unknown, number>[]) {
      for (const [key, end] of map) {
        if (end > performance.now() && map.size <= MAX_REMEMBERED) break;
        map.delete(key);
      }
    }
  }

  /** @throws `backend-failed` for an input that crashed workers before. */
  check(body: readonly Uint8Array[]): void {
    if ((this.#sizes.get(sizeOf(body)) ?? 0) <= performance.now()) return;
    if ((this.#until.get(digestOf(body)) ?? 0) > performance.now()) throw poisonous();
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
