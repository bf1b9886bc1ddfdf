import { type AppContext, respond } from '../../http/exchange.ts';
import type { AppState } from '../../state.ts';
import { runTask } from '../run-task.ts';
import { jsonOrBinary, taskOf } from '../task.ts';

/** `POST /v1/infer`: runs the network on one window. */
export async function infer(c: AppContext, state: AppState): Promise<Response> {
  return respond(c, await runTask(c.var.exchange, state, taskOf(c, state, 'infer', jsonOrBinary(c))));
}
