import type { Readable } from 'node:stream';

/**
 * The bytes of a stream of Node, read only as they are asked for. Unlike those of `Readable.toWeb`, it may be cancelled
 * while bytes arrive: Node's throws then, outside of every promise ("Controller is already closed").
 */
export function webStream(stream: Readable): ReadableStream<Uint8Array> {
  // The iterator listens only while something is read. An error before that is thrown by the first read.
  stream.on('error', () => {});
  const chunks: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      // What arrives after a cancel is dropped: `enqueue` and `close` then reject this promise, which nobody awaits.
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: () => void stream.destroy(),
    },
    { highWaterMark: 0 },
  );
}
