import { type AppContext, respond } from '../../http/exchange.ts';
import type { AppState } from '../../state.ts';
import { recordingRequest } from '../recording.ts';
import { runTask } from '../run-task.ts';

/** `POST /v1/embed`: the embedding of the voice in a recording, or in a part of it. */
export async function embed(c: AppContext, state: AppState): Promise<Response> {
  const output = (c.req.header('accept') ?? '').includes('application/octet-stream') ? 'binary' : 'json';
  return respond(c, await runTask(c.var.exchange, state, recordingRequest(c, state, 'embed', output)));
}
