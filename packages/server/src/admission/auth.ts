import { invalidOption, VoiceFlowError } from 'voiceflow-ml/core';

export interface ApiKey {
  /**
   * Name for logs, quotas and the owner of jobs and voices. Default: `key-` and 12 hex digits of the key's SHA-256, so
   * that it does not depend on other keys.
   */
  readonly name?: string | undefined;
  readonly key: string;
}

/** Checks `Authorization: Bearer` against the keys. Without keys, all requests are allowed, without a name. */
export class KeyRing {
  readonly #keys: Promise<readonly { readonly name: string; readonly digest: Uint8Array }[]>;

  constructor(keys: readonly ApiKey[]) {
    this.#keys = Promise.all(
      keys.map(async ({ name, key }) => {
        const digest = await sha256(key);
        return { name: name ?? nameOf(digest), digest };
      }),
    );
  }

  /**
   * The name of the key; undefined when there are no keys. Takes constant time: the digests of all keys are compared
   * completely.
   * @throws `unauthorized`.
   */
  async check(authorization: string | undefined): Promise<string | undefined> {
    const keys = await this.#keys;
    if (keys.length === 0) return undefined;
    const token = /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new VoiceFlowError('unauthorized', 'the request has no API key', {
        hint: 'Send it as the header "Authorization: Bearer KEY".',
      });
    }
    const digest = await sha256(token);
    let name: string | undefined;
    for (const each of keys) {
      if (equalBytes(each.digest, digest)) name = each.name;
    }
    if (name === undefined) {
      throw new VoiceFlowError('unauthorized', 'the API key is not valid on this server', {
        hint: 'Ask the operator of the server for a key.',
      });
    }
    return name;
  }
}

/**
 * Parses keys in the form `NAME:KEY,NAME:KEY`. The names may be omitted; see `ApiKey`.
 * @throws `invalid-option` for a key shorter than 16 characters or a name that is used twice.
 */
export function parseApiKeys(text: string | undefined): ApiKey[] {
  const keys = (text ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry): ApiKey => {
      const colon = entry.indexOf(':');
      return colon < 1 ? { key: entry.slice(colon + 1) } : { name: entry.slice(0, colon), key: entry.slice(colon + 1) };
    });
  const names = new Set<string>();
  for (const [at, { name, key }] of keys.entries()) {
    if (key.length < MIN_KEY_LENGTH || /\s/.test(key)) {
      throw invalidOption(
        `the API key ${name === undefined ? at + 1 : `"${name}"`} has ${key.length} characters, expected at least ${MIN_KEY_LENGTH} without spaces`,
        'Generate one with: openssl rand -hex 24',
      );
    }
    if (name === undefined) continue;
    if (names.has(name)) throw invalidOption(`two API keys are named "${name}"`);
    names.add(name);
  }
  return keys;
}

/** Shorter keys could be guessed during a server's lifetime. */
const MIN_KEY_LENGTH = 16;

function nameOf(digest: Uint8Array): string {
  return `key-${Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
