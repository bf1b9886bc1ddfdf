import { afterEach, expect, it, vi } from 'vitest';
import type { Io } from '../io.ts';
import { jobs, nameInUrl } from './jobs.ts';

afterEach(() => void vi.unstubAllGlobals());

/** What the command prints, on a server that gives these answers, and the addresses that it requests. */
async function run(args: readonly string[], ...answers: Response[]) {
  const asked: URL[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    asked.push(new URL(url));
    const answer = answers.shift();
    if (answer === undefined) throw new TypeError('fetch failed');
    return answer;
  });
  let printed = '';
  const screen = { isTerminal: false, columns: 80, colorDepth: 1, unicode: true };
  const out = async (text: string) => {
    printed += text;
  };
  const io: Io = { screen, errorScreen: screen, out, err: () => {} };
  const context = { io, signal: new AbortController().signal, handOverSignals: () => {} };
  await jobs.execute([...args, '--server', 'http://x'], context);
  return { asked, printed };
}

const problem = (status: number) => Response.json({ code: 'overloaded', detail: 'full' }, { status });

it.each([503, 429, 502])('wait waits while the server answers with %s', async (status) => {
  const result = { duration: 1 };
  const job = () => Response.json({ id: 'j', state: 'succeeded', progress: null, result });
  expect((await run(['wait', 'j'], problem(status), job())).printed).toBe(`${JSON.stringify(result)}\n`);
});

it('wait fails at once for a wrong address and an unknown job', async () => {
  await expect(run(['wait', 'j'])).rejects.toMatchObject({ status: 0 });
  await expect(run(['wait', 'j'], problem(404))).rejects.toMatchObject({ status: 404 });
});

it('submit names a job by an address as it is read, and leaves a wrong one to the server', async () => {
  const { asked, printed } = await run(['submit', 'https://y/a/two%20words.wav'], Response.json({ id: 'j' }));
  expect([printed, asked[0]?.searchParams.get('uri')]).toEqual(['j\n', 'two words']);
  await expect(run(['submit', 'http://a b/c.wav'], problem(400))).rejects.toMatchObject({ status: 400 });
});

it('nameInUrl decodes after the path is taken apart', () => {
  expect(['https://y/a%2Fb.wav?x=/c.d', 'https://y/%zz.wav', 'https://y/'].map(nameInUrl)).toEqual(['a/b', '%zz', '']);
});
