import { describe, expect, it, vi } from 'vitest';
import { VoiceFlowClient } from './client.ts';
import { RequestError } from './request-error.ts';

const audio = new Uint8Array(4);
const EVENTS = ': accepted\n\nevent: progress\ndata: {"done":1}\n\nevent: result\ndata: {"duration":2}\n\n: total\n\n';
const stream = (text: string) => new Response(text, { headers: { 'content-type': 'text/event-stream' } });

function clientOf(answer: () => Response) {
  const asked: RequestInit[] = [];
  const fetch = async (_: string, init: RequestInit = {}) => {
    asked.push(init);
    return answer();
  };
  return { asked, client: new VoiceFlowClient({ url: 'http://x', fetch }) };
}

describe('diarize', () => {
  it.each([undefined, () => {}])(
    'asks for the event stream, so that a long response is not cut off',
    async (onProgress) => {
      const { asked, client } = clientOf(() => stream(EVENTS));
      expect(await client.diarize(audio, { onProgress, deadlineMs: 5 })).toEqual({ duration: 2 });
      expect(asked[0]?.headers).toEqual({ accept: 'text/event-stream', 'x-deadline-ms': '5' });
    },
  );

  it('reports progress, and passes on what its receiver throws', async () => {
    const { client } = clientOf(() => stream(EVENTS));
    const onProgress = vi.fn();
    await client.diarize(audio, { onProgress });
    expect(onProgress.mock.calls).toEqual([[{ done: 1 }]]);
    const bug = new Error('a bug of the caller');
    onProgress.mockImplementation(() => {
      throw bug;
    });
    await expect(client.diarize(audio, { onProgress })).rejects.toBe(bug);
  });

  it('accepts a plain response, and events without a stream as in React Native', async () => {
    expect(await clientOf(() => Response.json({ duration: 3 })).client.diarize(audio)).toEqual({ duration: 3 });
    const whole = () => Object.defineProperty(stream(EVENTS), 'body', { value: undefined });
    expect(await clientOf(whole).client.diarize(audio)).toEqual({ duration: 2 });
  });

  it('rejects a problem event with a RequestError, as if it were the response', async () => {
    const problem = { code: 'overloaded', detail: 'full', hint: 'later', status: 503, retryAfter: 7 };
    const { client } = clientOf(() => stream(`event: problem\ndata: ${JSON.stringify(problem)}\n\n`));
    const error: unknown = await client.diarize(audio).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RequestError);
    expect(RequestError.isTemporary(error)).toBe(true);
    expect(error).toMatchObject({ code: 'overloaded', message: 'full', hint: 'later', status: 503, retryAfter: 7 });
  });

  it('rejects a problem with its code, and a response that ends before the result', async () => {
    const problem = 'event: problem\ndata: {"code":"deadline-exceeded","detail":"late"}\n\n';
    await expect(clientOf(() => stream(problem)).client.diarize(audio)).rejects.toMatchObject({
      code: 'deadline-exceeded',
      message: 'late',
      status: 504,
    });
    await expect(clientOf(() => stream(': accepted\n\n')).client.diarize(audio)).rejects.toMatchObject({ status: 0 });
  });
});
