import type { AppContext } from '../http/context.ts';
import { respondProblem } from '../http/problem.ts';
import type { AppOptions } from '../state.ts';

/** @module Protects a local server against foreign web pages in a browser on the same machine. */

/**
 * The problem response for a page that must not call the server: one that reached it by its own host name pointing to this
 * machine (DNS rebinding), or one that sends a cross-site POST, whose response it could not read but whose work would
 * be done. Undefined for all other requests.
 */
export function siteProblem(c: AppContext, { allowedHosts, corsOrigins = [] }: AppOptions): Response | undefined {
  if (allowedHosts !== undefined) {
    const name = hostName(c.req.header('host'));
    if (name !== undefined && !isLoopbackName(name) && !allowedHosts.includes(name)) {
      return forbidden(c, `the host name "${name.slice(0, 100)}" is not allowed`, 'Add it to VOICEFLOW_ALLOWED_HOSTS.');
    }
  }
  if (c.req.method !== 'POST' || c.req.header('sec-fetch-site') !== 'cross-site') return undefined;
  const origin = c.req.header('origin') ?? 'null';
  if (corsOrigins.some((one) => one === '*' || one === origin)) return undefined;
  return forbidden(
    c,
    `cross-site requests from ${origin.slice(0, 100)} are not allowed`,
    'Add the origin to VOICEFLOW_CORS.',
  );
}

function forbidden(c: AppContext, text: string, hint: string): Response {
  return respondProblem(c, 403, 'unauthorized', 'Forbidden', text, hint);
}

/** The host name in lower case, without the port; undefined without a host. */
function hostName(host: string | undefined): string | undefined {
  return host?.trim().toLowerCase().replace(/:\d*$/, '');
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}
