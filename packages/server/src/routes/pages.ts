import type { AppContext } from '../http/context.ts';

/** The content security policy of our own pages: no external resources, only their own script, no framing. */
async function pagePolicy(html: string): Promise<string> {
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script)));
  // blob: is for the audio worklet that reads the microphone.
  const scripts = `script-src 'sha256-${btoa(String.fromCharCode(...digest))}' blob:`;
  return `default-src 'none'; ${scripts}; style-src 'unsafe-inline'; img-src 'self' data: blob:; media-src blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
}

/** Runs `make` once, at the first call: some runtimes do not allow such work during module loading. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Makes a handler that always responds with the same bytes, which exist once in memory for all responses. */
export function fixed(make: () => Promise<string>, headersOf: (text: string) => Promise<Record<string, string>>) {
  const answer = once(async () => {
    const text = await make();
    return { bytes: new TextEncoder().encode(text), headers: await headersOf(text) };
  });
  return async (c: AppContext): Promise<Response> => {
    const { bytes, headers } = await answer();
    return c.body(bytes, 200, headers);
  };
}

export function page(make: () => Promise<string>) {
  return fixed(make, async (html) => ({
    'content-type': 'text/html; charset=UTF-8',
    'content-security-policy': await pagePolicy(html),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-cache',
  }));
}
