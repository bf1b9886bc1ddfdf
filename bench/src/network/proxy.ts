import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { seededRandom } from 'voiceflow-ml/testing';
import { NetworkModel, type NetworkOptions } from './model.ts';

interface ProxyOptions extends NetworkOptions {
  readonly targetHost: string;
  readonly targetPort: number;
  /** Connection n draws its delays from `seed + n`. */
  readonly seed: number;
}

interface NetworkProxy extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
}

/** Most bytes in transit in one direction. Beyond it the sender is paused, as with a full TCP window. */
const MOST_UNDER_WAY = 4 * 1024 * 1024;

/**
 * A TCP proxy on loopback that delays data in both directions like the modeled network. It does not simulate handshakes
 * and slow start, which would affect the first request on a new connection.
 */
export async function startProxy(options: ProxyOptions): Promise<NetworkProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({
      host: options.targetHost,
      port: options.targetPort,
      noDelay: true,
      allowHalfOpen: true,
    });
    const network = new NetworkModel(options, seededRandom(options.seed + connections++));
    let answered = false;
    relay(client, upstream, network, () => {
      if (answered) network.beginExchange();
      answered = false;
    });
    relay(upstream, client, network, () => {
      answered = true;
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => sockets.delete(one));
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** Forwards bytes, each burst after its delay and never before an earlier one. */
function relay(from: Socket, to: Socket, network: NetworkModel, onBurst: () => void): void {
  const queue: { readonly at: number; readonly chunk: Buffer | undefined }[] = [];
  let underWay = 0;
  let last = 0;
  let timer: NodeJS.Timeout | undefined;

  const enqueue = (chunk: Buffer | undefined, bytes: number) => {
    const now = performance.now();
    last = Math.max(last, now + network.delay());
    queue.push({ at: last, chunk });
    underWay += bytes;
    if (underWay + to.writableLength > MOST_UNDER_WAY) from.pause();
    timer ??= setTimeout(deliver, last - now);
  };
  const deliver = () => {
    timer = undefined;
    if (to.destroyed) return;
    const now = performance.now();
    for (let head = queue[0]; head !== undefined && head.at <= now; head = queue[0]) {
      queue.shift();
      if (head.chunk === undefined) to.end();
      else {
        underWay -= head.chunk.byteLength;
        to.write(head.chunk);
      }
    }
    if (underWay + to.writableLength <= MOST_UNDER_WAY) from.resume();
    const next = queue[0];
    if (next !== undefined) timer = setTimeout(deliver, Math.max(1, next.at - now));
  };
  from.on('data', (chunk: Buffer) => {
    onBurst();
    enqueue(chunk, chunk.byteLength);
  });
  from.on('end', () => enqueue(undefined, 0));
  to.on('drain', () => from.resume());
  to.on('close', () => clearTimeout(timer));
}
