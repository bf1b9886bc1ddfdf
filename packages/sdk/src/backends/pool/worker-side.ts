/** @module The worker's side of the pool, for the worker scripts of backends. */
import { toFailure } from './failure.ts';
import { guarded } from './guard.ts';
import type { Reply, Request, Settings } from './protocol.ts';
import type { Session } from './session.ts';
import { pack } from './tensors.ts';

export type { Settings } from './protocol.ts';
export type { Session } from './session.ts';

/** The worker's connection to the pool. */
export interface Port {
  post(reply: Reply, transfer?: ArrayBuffer[]): void;
  listen(handler: (request: Request) => void): void;
  exit(): void;
}

/** Processes requests in order, one at a time, with the session that `open` creates. */
export function serve(port: Port, open: (bytes: Uint8Array, settings: Settings) => Promise<Session>): void {
  let session: Session | undefined;
  let guard: Int32Array | undefined;
  let last: Promise<void> = Promise.resolve();

  port.listen((request) => {
    const answer = answers[request.kind] as ((request: Request) => Promise<void>) | undefined;
    // An unknown request means that the two sides are from different builds: fail rather than leave it unanswered.
    if (!answer) throw new Error(`the worker received an unknown request: ${JSON.stringify(request)}`);
    last = last.then(() => answer(request));
  });

  const answers = {
    async open(request: Extract<Request, { kind: 'open' }>) {
      guard = request.guard;
      try {
        const opened = await guarded(guard, () => open(request.bytes, request.settings));
        session = opened;
        port.post({ kind: 'opened', inputs: opened.inputs, outputs: opened.outputs });
      } catch (error) {
        port.post({ kind: 'failed', failure: toFailure(error) });
      }
    },
    async run({ feeds }: Extract<Request, { kind: 'run' }>) {
      try {
        const opened = session;
        if (!opened) throw new Error('the worker has no session');
        const { tensors, transfer } = pack(await guarded(guard, () => opened.run(feeds)));
        // The feeds' buffers go back, so that the pool can lend them again, except those that are outputs, too.
        const buffers = new Set(Object.values(feeds).map(({ data }) => data.buffer as ArrayBuffer));
        const spent = [...buffers].filter((buffer) => !transfer.includes(buffer));
        port.post({ kind: 'result', outputs: tensors, spent }, [...transfer, ...spent]);
      } catch (error) {
        port.post({ kind: 'failed', failure: toFailure(error) });
      }
    },
    async stop() {
      const opened = session;
      session = undefined;
      // If releasing fails, the memory is freed when the thread ends.
      if (opened) await guarded(guard, () => opened.release()).catch(() => {});
      port.post({ kind: 'stopped' });
      port.exit();
    },
  };
}
