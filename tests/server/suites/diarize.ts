import { describe, expect, it } from 'vitest';
import { createDiarizer } from 'voiceflow-ml';
import { CONVERSATION, events, windowBytes } from '../harness.ts';
import { MODEL, OCTETS, type Suite } from './suite.ts';

const spoken = (turn: { start: number; end: number; speaker: string }) =>
  `${turn.speaker} ${turn.start.toFixed(1)} ${turn.end.toFixed(1)}`;

/** Recordings: who spoke when. */
export function diarizeSuite({ subject, post, problem, timeStandsStill, cutsUploads, approximate }: Suite): void {
  const expectText = (found: string, expected: string) => {
    if (approximate) expect(found.split('\n')).toHaveLength(expected.split('\n').length);
    else expect(found).toBe(expected);
  };

  describe('POST /v1/diarize', () => {
    it('returns the result of the SDK, for every form of request and response', async () => {
      const diarizer = await createDiarizer();
      const expected = await diarizer.diarize(CONVERSATION);
      await diarizer.close();
      const raw = await post('/v1/diarize?exclusive=true', CONVERSATION, { 'content-type': 'audio/wav' });
      expect(raw.status).toBe(200);
      expect(raw.headers.get('server-timing')).toContain('model;dur=');
      const found = await raw.json();
      if (approximate) {
        expect(found.turns.map(spoken)).toEqual(expected.toJSON().turns.map(spoken));
      } else expect(found.turns).toEqual(expected.toJSON().turns);
      expect(found.turns.length).toBeGreaterThan(4);
      expect(found.speakers.map((s: { label: string }) => s.label)).toEqual(expected.speakers.map((s) => s.label));
      expect(found).toMatchObject({ duration: expected.toJSON().duration, model: MODEL });
      expect(found.exclusive).toHaveLength(expected.exclusive().length);

      const form = new FormData();
      form.append('file', new Blob([CONVERSATION]), 'conversation.wav');
      form.append('uri', 'conv');
      const rttm = await subject.fetch('/v1/diarize', {
        method: 'POST',
        body: form,
        headers: { accept: 'text/plain; format=rttm' },
      });
      expect(rttm.headers.get('content-type')).toContain('text/plain');
      expectText(await rttm.text(), expected.toRTTM('conv'));

      const stream = await post('/v1/diarize', CONVERSATION, { accept: 'text/event-stream' });
      expect(stream.headers.get('content-type')).toContain('text/event-stream');
      const all = await events(stream);
      expect(all.at(-1)?.event).toBe('result');
      expect(JSON.parse(all.at(-1)?.data ?? '').turns).toEqual(found.turns);
      const progress = all.slice(0, -1);
      if (!timeStandsStill) expect(progress.length).toBeGreaterThan(0);
      expect(progress.every(({ event }) => event === 'progress')).toBe(true);
      // Each stage counts for itself, and none comes back.
      const told: { stage: string; done: number }[] = progress.map(({ data }) => JSON.parse(data));
      const stages = told.map(({ stage }) => ['model', 'cluster', 'done'].indexOf(stage));
      expect(stages).toEqual([...stages].sort((x, y) => x - y));
      if (!timeStandsStill) expect(stages[0]).toBe(0);
      for (const stage of new Set(told.map((one) => one.stage))) {
        const done = told.filter((one) => one.stage === stage).map((one) => one.done);
        expect(done).toEqual([...done].sort((x, y) => x - y));
      }

      const srt = await post('/v1/diarize?format=srt', CONVERSATION);
      expectText(await srt.text(), expected.toSRT());
      const vtt = await post('/v1/diarize?format=vtt', CONVERSATION);
      expectText(await vtt.text(), expected.toVTT());
    });

    it('applies the options of the query and of the form', async () => {
      const two = await (await post('/v1/diarize?numSpeakers=2', CONVERSATION)).json();
      expect(two.speakers).toHaveLength(2);
      const form = new FormData();
      form.append('numSpeakers', '3');
      form.append('file', new Blob([CONVERSATION]), 'x');
      expect((await (await subject.fetch('/v1/diarize', { method: 'POST', body: form })).json()).speakers).toHaveLength(
        3,
      );
    });

    it.each([
      ['numSpeakers=x', 'numSpeakers is "x"'],
      ['numSpeakers=2&maxSpeakers=3', 'numSpeakers'],
      ['maxSpeakers=0', 'maxSpeakers'],
      ['speakers=2', 'unknown option "speakers"'],
      ['format=mp3', 'expected json, rttm, srt or vtt'],
      ['numSpeakers=2&numSpeakers=3', 'appears 2 times'],
      ['known=[1]', 'known is'],
    ])('rejects ?%s by name', async (query, detail) => {
      const refused = await problem(await post(`/v1/diarize?${query}`, CONVERSATION));
      expect(refused).toMatchObject({ code: 'invalid-option', status: 400 });
      expect(refused.detail).toContain(detail);
    });

    it('rejects invalid, empty and oversized audio', async () => {
      expect(await problem(await post('/v1/diarize', '<!doctype html><p>hello</p>'))).toMatchObject({
        code: 'unsupported-format',
        status: 415,
      });
      expect(await problem(await post('/v1/diarize', new Uint8Array(0)))).toMatchObject({ code: 'invalid-audio' });
      expect(await problem(await post('/v1/diarize', new FormData()))).toMatchObject({ code: 'invalid-option' });
      if (cutsUploads) return;
      const large = await problem(await post('/v1/diarize', new Uint8Array(8 * 1024 * 1024 + 1)));
      expect(large).toMatchObject({ code: 'audio-too-large', status: 413 });
    });

    it.skipIf(timeStandsStill)(
      'responds with 504 if the deadline is exceeded, also when it streams (not in runtimes with frozen clocks)',
      async () => {
        const late = await problem(await post('/v1/diarize', CONVERSATION, { 'x-deadline-ms': '5' }));
        expect(late).toMatchObject({ code: 'deadline-exceeded', status: 504 });
        // Its worker is still stopping: until then, this deadline would be refused before the stream begins.
        const busy = async () =>
          !(await (await subject.fetch('/metrics')).text()).includes('voiceflow_requests_running{lane="recording"} 0');
        while (await busy()) await new Promise((resolve) => setTimeout(resolve, 10));
        const headers = { 'x-deadline-ms': '5', accept: 'text/event-stream' };
        const stream = await events(await post('/v1/diarize', CONVERSATION, headers));
        expect(stream.at(-1)?.event).toBe('problem');
        expect(JSON.parse(stream.at(-1)?.data ?? '')).toMatchObject({ code: 'deadline-exceeded' });
      },
    );

    it('remains available after a client disconnects', async () => {
      const leaving = new AbortController();
      const left = subject.fetch('/v1/diarize', { method: 'POST', body: CONVERSATION, signal: leaving.signal });
      setTimeout(() => leaving.abort(), 30);
      await left
        .then(
          (response) => response.arrayBuffer(),
          () => {},
        )
        .catch(() => {});
      expect((await post('/v1/infer', windowBytes(), OCTETS)).status).toBe(200);
    });
  });
}
