import { expect, it } from 'vitest';
import { fastCnn } from 'voiceflow-ml';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { createApp } from '../../app.ts';
import { localEngine } from '../../engine/local/local-engine.ts';

/** The `problem` event, and the response without events, for an error of the engine. */
async function answersTo(error: unknown) {
  const open = () => {
    throw new Error('there are no live sessions here');
  };
  const run = async () => {
    throw error;
  };
  const engine = localEngine({ open, run }, { manifest: fastCnn.manifest, backend: 'none' });
  const app = createApp({ engine, version: '0.0.0' });
  const post = (headers = {}) =>
    app.fetch(new Request('http://in.process/v1/diarize', { method: 'POST', body: 'RIFF', headers }));
  const response = await post();
  const stream = await (await post({ accept: 'text/event-stream' })).text();
  await app.drain();
  const data = /^event: problem\ndata: (.*)$/m.exec(stream)?.[1];
  return { response, body: await response.json(), event: JSON.parse(data ?? 'null') };
}

it('sends a problem as the response without events would, with its status and when to repeat the request', async () => {
  const busy = new VoiceFlowError('overloaded', 'the queue is full', { hint: 'Try again.', retryAfter: 2.5 });
  const { response, body, event } = await answersTo(busy);
  expect(event).toMatchObject({ code: 'overloaded', status: 503, retryAfter: 3, hint: 'Try again.' });
  expect(event).toEqual({ ...body, requestId: event.requestId });
  expect(response.headers.get('retry-after')).toBe('3');
});

it('does not invite to repeat a request that will fail again', async () => {
  const { response, event } = await answersTo(new VoiceFlowError('invalid-audio', 'no audio'));
  expect(event).toMatchObject({ code: 'invalid-audio', status: 422 });
  expect(event).not.toHaveProperty('retryAfter');
  expect(response.headers.get('retry-after')).toBeNull();
});
