import type { AppContext } from '../../http/context.ts';
import { respondProblem } from '../../http/problem.ts';
import type { AppState } from '../../state.ts';
import { LiveSocket } from './live-socket.ts';
import { isOwnOrigin } from './messages.ts';

/**
 * `GET /v1/stream`: a live session over a WebSocket. A request that cannot be served is still upgraded, because
 * browsers hide the response of a failed handshake, but can read an `error` event. (A missing key is refused earlier,
 * with 401.)
 */
export async function stream(c: AppContext, state: AppState): Promise<Response> {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket') return upgradeRequired(c);
  const { upgradeWebSocket, corsOrigins = [] } = state.options;
  const origin = c.req.header('origin');
  if (
    origin !== undefined &&
    !isOwnOrigin(origin, c.req.header('host')) &&
    !corsOrigins.some((one) => one === '*' || one === origin)
  ) {
    const text = `connections from ${origin.slice(0, 100)} are not allowed`;
    return respondProblem(c, 403, 'unauthorized', 'Forbidden', text, 'Add the origin to VOICEFLOW_CORS.');
  }
  if (upgradeWebSocket === undefined) {
    return respondProblem(c, 501, 'backend-unavailable', 'Not implemented', 'this runtime has no WebSockets');
  }
  try {
    const response = await upgradeWebSocket(() => new LiveSocket(c, state).events())(c, async () => {});
    // With `Upgrade` but without `Connection: Upgrade` there is no upgrade request, so the runtime returns none.
    return response === undefined || response.status >= 500 ? upgradeRequired(c) : response;
  } catch {
    return upgradeRequired(c);
  }
}

function upgradeRequired(c: AppContext): Response {
  return respondProblem(c, 426, 'invalid-option', 'Upgrade required', 'this route needs a WebSocket upgrade');
}
