import type { AppContext } from '../http/exchange.ts';

/** Our own pages load nothing from elsewhere, run only their own script, and nothing may frame them. */
async function pagePolicy(html: string): Promise<string> {
  const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(script)));
  // blob: for the audio worklet that taps the microphone.
  const scripts = `script-src 'sha256-${btoa(String.fromCharCode(...digest))}' blob:`;
  return `default-src 'none'; ${scripts}; style-src 'unsafe-inline'; img-src 'self' data: blob:; media-src blob:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;
}

/** Makes what it makes when it is first asked for: some runtimes allow no such work while a module is loaded. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Answers all the same bytes: made once, however often they are asked for and not read. */
export function fixed(make: () => Promise<Uint8Array<ArrayBuffer>>, headers: Readonly<Record<string, string>>) {
  const bytes = once(make);
  return async (c: AppContext) => c.body(await bytes(), 200, { ...headers });
}

export function page(make: () => string | Promise<string>): (c: AppContext) => Promise<Response> {
  const answer = once(async () => {
    const html = await make();
    return {
      bytes: new TextEncoder().encode(html),
      headers: {
        'content-type': 'text/html; charset=UTF-8',
        'content-security-policy': await pagePolicy(html),
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      },
    };
  });
  return async (c) => {
    const { bytes, headers } = await answer();
    return c.body(bytes, 200, headers);
  };
}
