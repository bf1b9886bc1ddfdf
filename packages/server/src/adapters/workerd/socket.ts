import { defineWebSocketHelper, WSContext, type WSReadyState } from 'hono/ws';

/** The part of workerd's server-side WebSocket that is used here. */
interface WorkerdSocket extends EventTarget {
  readonly readyState: WSReadyState;
  readonly protocol: string | null;
  binaryType: string;
  accept(): void;
  send(data: string | ArrayBuffer | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

declare const WebSocketPair: new () => { readonly 0: WorkerdSocket; readonly 1: WorkerdSocket };

/** Replaces Hono's helper for workerd, which does not emit the `open` event that starts a session here. */
export const upgradeWebSocket = defineWebSocketHelper(async (_c, events) => {
  const { 0: client, 1: server } = new WebSocketPair();
  // With newer compatibility dates the default is a Blob, which can only be read asynchronously.
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
