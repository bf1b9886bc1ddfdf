/** Firefox as it is installed, told what to do by WebDriver BiDi (Playwright drives none but its own build). */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { WebSocket } from 'ws';
import { printed } from '../processes.ts';

/** Debian's. Ubuntu's `firefox` may be a snap, which reads no profile outside of its own folders. */
export const FIREFOX = ['/usr/bin/firefox-esr'].find(existsSync);
export const WITHOUT_FIREFOX = FIREFOX ? '' : ' (skipped: no Firefox here, apt-get install firefox-esr)';

const LIFE_MS = 480_000;

interface Answer {
  readonly id?: number;
  readonly type: string;
  readonly result?: unknown;
  readonly message?: string;
}

export interface FirefoxPage {
  goto(url: string): Promise<void>;
  /** What an expression gives, promises awaited; it must be something that JSON can say. @throws what the page throws. */
  evaluate(expression: string): Promise<unknown>;
  close(): Promise<void>;
}

export async function openFirefox(): Promise<FirefoxPage> {
  const profile = await mkdtemp(join(tmpdir(), 'voiceflow-firefox-'));
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'];
  const env = { ...process.env, HOME: profile, MOZ_CRASHREPORTER_DISABLE: '1' };
  const child = spawn(FIREFOX ?? '', args, { env, timeout: LIFE_MS, killSignal: 'SIGKILL' });
  const gone = once(child, 'exit');
  const end = async () => {
    child.kill();
    await gone;
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const address = await printed(child, /listening on (ws:\/\/\S+)/);
    const socket = new WebSocket(`${address}/session`);
    await once(socket, 'open');
    return await openPage(socket, async () => {
      socket.close();
      await end();
    });
  } catch (error) {
    await end();
    throw error;
  }
}

async function openPage(socket: WebSocket, close: () => Promise<void>): Promise<FirefoxPage> {
  const waiting = new Map<number, (answer: Answer) => void>();
  socket.on('message', (text) => {
    const answer = JSON.parse(String(text)) as Answer;
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer);
  });
  let last = 0;
  const ask = async (method: string, params: object): Promise<unknown> => {
    const id = ++last;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { type, result, message } = await answered;
    if (type === 'error') throw new Error(`${method}: ${message}`);
    return result;
  };
  await ask('session.new', { capabilities: {} });
  const { contexts } = (await ask('browsingContext.getTree', {})) as { contexts: readonly { context: string }[] };
  const context = contexts[0]?.context;
  return {
    close,
    async goto(url) {
      await ask('browsingContext.navigate', { context, url, wait: 'complete' });
    },
    async evaluate(expression) {
      const answer = (await ask('script.evaluate', {
        expression: `(async () => JSON.stringify(await (${expression})))()`,
        target: { context },
        awaitPromise: true,
      })) as { type: string; result?: { value?: string }; exceptionDetails?: { text: string } };
      if (answer.type === 'exception') throw new Error(answer.exceptionDetails?.text);
      const { value } = answer.result ?? {};
      return value === undefined ? undefined : JSON.parse(value);
    },
  };
}
