import { type AppContext, respond } from '../../http/exchange.ts';
import type { AppState } from '../../state.ts';
import { runTask } from '../run-task.ts';
import { jsonOrBinary, taskOf } from '../task.ts';

/** `POST /v1/embed`: the embedding of the voice in a recording, or in a part of it. */
export async function embed(c: AppContext, state: AppState): Promise<Response> {
  return respond(c, await runTask(c.var.exchange, state, taskOf(c, state, 'embed', jsonOrBinary(c))));
}
