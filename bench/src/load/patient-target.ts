import { connect, type Socket } from 'node:net';
import { parseServerTiming } from './server-timing.ts';
import { DEFAULT_TIMEOUT, failureOf, type HttpTargetOptions, parseUrl, type Reply, type Target } from './target.ts';

/**
 * A POST of clients that send the body when they are told to (`100 Continue`; RFC 9110, 10.1.1). A refusal costs them
 * neither the body nor the connection: a chunked body may end before it has begun. On plain sockets, because the 0.1 ms
 * that `node:http` takes a request would, at ten times what a server can serve, be more than a core.
 */
export function createPatientTarget(options: HttpTargetOptions): Target {
  const url = parseUrl(options.url);
  const lines = Object.entries({
    host: url.host,
    'content-type': 'application/octet-stream',
    accept: 'application/octet-stream',
    ...options.headers,
    expect: '100-continue',
    'transfer-encoding': 'chunked',
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const request: PreparedRequest = {
    head: `POST ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`,
    body: options.body,
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    minimumBytes: options.minimumBytes ?? 0,
  };
  const open = new Set<Connection>();
  const idle: Connection[] = [];
  const connectAnew = () => {
    const connection = new Connection(url);
    open.add(connection);
    return connection;
  };
  const send = async () => {
    const connection = idle.pop() ?? connectAnew();
    const reply = await connection.ask(request);
    if (connection.reusable) idle.push(connection);
    else {
      open.delete(connection);
      connection.close();
    }
    return reply;
  };
  const close = () => {
    for (const connection of open) connection.close();
  };
  return { send, close };
}

interface PreparedRequest {
  readonly head: string;
  readonly body: Uint8Array;
  readonly timeout: number;
  readonly minimumBytes: number;
}

interface Head {
  readonly status: number;
  readonly field: (name: string) => string | undefined;
}

const END_OF_HEAD = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/** One connection, one request at a time. */
class Connection {
  readonly #socket: Socket;
  #request: PreparedRequest | undefined;
  #settle: (reply: Reply) => void = () => {};
  /** What has come of a head. */
  #text = '';
  #head: Head | undefined;
  /** Bytes of the answer's body that have not come. */
  #left = 0;
  #bodySent = false;
  reusable = true;

  constructor(url: URL) {
    this.#socket = connect(Number(url.port || 80), url.hostname.replace(/^\[|\]$/g, ''));
    this.#socket.setNoDelay(true);
    this.#socket.setEncoding('latin1');
    this.#socket.on('data', (text: string) => this.#take(text));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(failureOf(error)));
    this.#socket.on('close', () => this.#fail('reset'));
  }

  ask(request: PreparedRequest): Promise<Reply> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#fail('timeout'), request.timeout);
      this.#settle = (reply) => {
        clearTimeout(timer);
        this.#settle = () => {};
        resolve(reply);
      };
      this.#request = request;
      this.#bodySent = false;
      this.#socket.write(request.head, 'latin1');
    });
  }

  close(): void {
    this.reusable = false;
    this.#socket.destroy();
  }

  #take(text: string): void {
    if (this.#head === undefined) this.#takeHead(text);
    else this.#count(text.length);
  }

  #takeHead(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = parseHead(this.#text.slice(0, end + 2));
    const rest = this.#text.slice(end + END_OF_HEAD.length);
    this.#text = '';
    if (head.status === 100) {
      this.#sendBody();
      if (rest !== '') this.#take(rest);
      return;
    }
    this.#head = head;
    this.#left = Number(head.field('content-length') ?? Number.NaN);
    if (Number.isNaN(this.#left)) this.#fail('bad-body');
    else this.#count(rest.length);
  }

  #sendBody(): void {
    const { body = new Uint8Array(0) } = this.#request ?? {};
    this.#bodySent = true;
    this.#socket.cork();
    this.#socket.write(`${body.byteLength.toString(16)}\r\n`, 'latin1');
    this.#socket.write(body);
    this.#socket.write(`\r\n${LAST_CHUNK}`, 'latin1');
    this.#socket.uncork();
  }

  #count(bytes: number): void {
    this.#left -= bytes;
    if (this.#left > 0) return;
    const head = this.#head;
    this.#head = undefined;
    if (head === undefined) return;
    if (head.field('connection')?.toLowerCase() === 'close') this.reusable = false;
    else if (!this.#bodySent) this.#socket.write(LAST_CHUNK, 'latin1');
    this.#settle(this.#judge(head));
  }

  #judge(head: Head): Reply {
    const timing = parseServerTiming(head.field('server-timing'));
    if (head.status !== 200) return { ok: false, failure: `http-${head.status}`, timing };
    const whole = Number(head.field('content-length')) >= (this.#request?.minimumBytes ?? 0);
    return whole ? { ok: true, timing } : { ok: false, failure: 'bad-body', timing };
  }

  #fail(failure: string): void {
    this.reusable = false;
    this.#settle({ ok: false, failure, timing: {} });
  }
}

/** @param text Status line and fields, each with its end of line. */
function parseHead(text: string): Head {
  const lower = text.toLowerCase();
  return {
    status: Number(text.slice(9, 12)),
    field: (name) => {
      const at = lower.indexOf(`\r\n${name}:`);
      return at === -1 ? undefined : text.slice(at + name.length + 3, text.indexOf('\r\n', at + 2)).trim();
    },
  };
}
