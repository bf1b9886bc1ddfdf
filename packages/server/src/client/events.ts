import { connectionError, LOST, textOf } from './request-error.ts';

interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * The events of a `text/event-stream` response, as they arrive.
 * @throws RequestError when the connection is lost; `aborted`.
 */
export async function* readEvents(
  response: Response,
  signal: AbortSignal | undefined,
): AsyncGenerator<ServerSentEvent> {
  // React Native's responses have no stream.
  if (!response.body) return yield* eventsIn((await textOf(response, signal)).split('\n\n'));
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((error: unknown) => {
        throw connectionError(error, signal, LOST);
      });
      text += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const blocks = text.split('\n\n');
      text = done ? '' : (blocks.pop() ?? '');
      yield* eventsIn(blocks);
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function* eventsIn(blocks: readonly string[]): Generator<ServerSentEvent> {
  for (const block of blocks) {
    let event = 'message';
    const data: string[] = [];
    for (const line of block.split('\n')) {
      if (line.startsWith('event: ')) event = line.slice(7);
      else if (line.startsWith('data: ')) data.push(line.slice(6));
    }
    if (data.length > 0) yield { event, data: data.join('\n') };
  }
}
