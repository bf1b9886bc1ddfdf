import { defineWebSocketHelper, WSContext, type WSReadyState } from 'hono/ws';

/** workerd's half of a WebSocket: what is used of it here. */
interface WorkerdSocket extends EventTarget {
  readonly readyState: WSReadyState;
  readonly protocol: string | null;
  binaryType: string;
  accept(): void;
  send(data: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

declare const WebSocketPair: new () => { readonly 0: WorkerdSocket; readonly 1: WorkerdSocket };

/** Hono's own helper for workerd tells of no `open` event, with which a session begins here. */
export const upgradeWebSocket = defineWebSocketHelper(async (_c, events) => {
  const { 0: client, 1: server } = new WebSocketPair();
  // Newer compatibility dates give a Blob, which can only be read later.
  server.binaryType = 'arraybuffer';
  server.accept();
  const ws = new WSContext<WorkerdSocket>({
    close: (code, reason) => server.close(code, reason),
    get protocol() {
      return server.protocol;
    },
    raw: server,
    get readyState() {
      return server.readyState;
    },
    send: (data) => server.send(data),
  });
  server.addEventListener('message', (event) => events.onMessage?.(event as MessageEvent, ws));
  server.addEventListener('close', (event) => events.onClose?.(event as CloseEvent, ws));
  server.addEventListener('error', (event) => events.onError?.(event, ws));
  events.onOpen?.(new Event('open'), ws);
  return new Response(null, { status: 101, webSocket: client } as ResponseInit);
});
