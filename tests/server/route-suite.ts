/** The routes of the contract: the same tests whatever serves them. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDiarizer, fastCnn } from 'voiceflow-ml';
import { documented } from './documented.ts';
import { CONVERSATION, events, patient, type Subject, windowBytes, windowWav } from './harness.ts';
import { faults } from './oip-schema.ts';

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly requestId: string;
}

const OCTETS = { 'content-type': 'application/octet-stream' };
const { id, version, space, inputs, outputs } = fastCnn.manifest;
const MODEL = { id, version, space };
/** Frames of one window's activity. */
const FRAMES = Number(outputs.find(({ name }) => name === 'activity')?.dims[1]);

export interface SuiteOptions {
  /** The clock does not move while the subject computes: no deadline passes, nothing takes time. */
  readonly timeStandsStill?: boolean;
  /** The runtime itself cuts off uploads that nobody reads (bare workerd; the edge before it does not). */
  readonly cutsUploads?: boolean;
  /** Another backend than the SDK's here: times may differ by a frame. */
  readonly approximate?: boolean;
}

/** @param start The subject, with `VOICEFLOW_BODY_BYTES` = 8 MiB and the deadlines of `NO_HURRY`. */
export function routeSuite(name: string, start: () => Promise<Subject>, options: SuiteOptions = {}): void {
  const { timeStandsStill = false, approximate = false, cutsUploads = false } = options;
  describe(name, () => {
    let subject: Subject;
    const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
      subject.fetch(path, { method: 'POST', body, headers });
    const problem = async (response: Response): Promise<Problem> => {
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      const body = await response.json();
      expect(body).toMatchObject({ type: `urn:voiceflow:error:${body.code}`, status: response.status });
      expect(body.error).toBe(body.detail);
      expect(body.requestId).toBe(response.headers.get('x-request-id'));
      return body;
    };

    const spoken = (turn: { start: number; end: number; speaker: string }) =>
      `${turn.speaker} ${turn.start.toFixed(1)} ${turn.end.toFixed(1)}`;
    const expectText = (found: string, expected: string) => {
      if (approximate) expect(found.split('\n')).toHaveLength(expected.split('\n').length);
      else expect(found).toBe(expected);
    };

    beforeAll(async () => {
      subject = documented(patient(await start()));
    });
    afterAll(() => subject?.close());

    describe('the system routes', () => {
      it('report that the server is alive and ready', async () => {
        expect(await (await subject.fetch('/healthz')).json()).toEqual({ status: 'ok' });
        const ready = await subject.fetch('/readyz');
        expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready' }]);
      });

      it('set a request id on every response, the client’s if it is valid', async () => {
        const own = await subject.fetch('/healthz', { headers: { 'x-request-id': 'abc-1.2:3' } });
        expect(own.headers.get('x-request-id')).toBe('abc-1.2:3');
        const bad = await subject.fetch('/healthz', { headers: { 'x-request-id': 'a b<c>' } });
        expect(bad.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      });

      it('return 404 and 405 as problems', async () => {
        expect(await problem(await subject.fetch('/nothing'))).toMatchObject({ status: 404, code: 'not-found' });
        const wrong = await subject.fetch('/v1/infer');
        expect(wrong.headers.get('allow')).toBe('POST');
        expect(await problem(wrong)).toMatchObject({ status: 405, code: 'method-not-allowed' });
      });

      it('describe the API as JSON and as a page, without external resources', async () => {
        const api = await (await subject.fetch('/openapi.json')).json();
        expect(api.openapi).toBe('3.1.0');
        expect(Object.keys(api.paths)).toEqual(
          expect.arrayContaining([
            '/v1/infer',
            '/v1/diarize',
            '/v1/embed',
            '/v1/stream',
            '/v2/models/{model}/infer',
            '/',
          ]),
        );
        for (const [path, methods] of Object.entries(api.paths)) {
          for (const method of Object.keys(methods as object)) {
            const real = path.replace('{model}', 'fast-cnn').replace('{version}', version);
            const response = await subject.fetch(real, { method: method.toUpperCase() });
            expect([404, 405], `${method} ${path}`).not.toContain(response.status);
            await response.arrayBuffer();
          }
        }
        for (const path of ['/docs', '/']) {
          const response = await subject.fetch(path);
          expect(response.headers.get('content-type')).toMatch(/^text\/html/);
          expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
          const html = await response.text();
          expect(html).toContain('VoiceFlow');
          expect(html).not.toMatch(/(src|href)=["']?(https?:)?\/\//);
        }
      });
    });

    describe('POST /v1/infer', () => {
      it('returns JSON or bytes, the same for raw samples and for a WAV file', async () => {
        const json = await post('/v1/infer', windowBytes(), OCTETS);
        expect(json.status).toBe(200);
        expect(json.headers.get('server-timing')).toMatch(/queue;dur=[\d.]+.*decode;dur=.*model;dur=.*total;dur=/);
        const found = await json.json();
        expect(found.model).toEqual(MODEL);
        expect(found.embeddings.map((row: number[]) => row.length)).toEqual([192, 192]);
        expect(found.activity).toHaveLength(FRAMES);
        expect(found.timings.model).toBeGreaterThanOrEqual(timeStandsStill ? 0 : 0.01);
        const binary = await post('/v1/infer', windowBytes(), { ...OCTETS, accept: 'application/octet-stream' });
        const floats = new Float32Array(await binary.arrayBuffer());
        expect([...floats]).toEqual([...found.embeddings.flat(), ...found.activity.flat()]);
        const wav = await (await post('/v1/infer', windowWav(), { 'content-type': 'audio/wav' })).json();
        expect(wav.embeddings).toEqual(found.embeddings);
        expect(wav.activity).toEqual(found.activity);
      });

      it('answers concurrent requests, each with its own result', async () => {
        const seeds = Array.from({ length: 12 }, (_, i) => 1 + (i % 3));
        const answers = await Promise.all(
          seeds.map(
            async (seed) => (await (await post('/v1/infer', windowBytes(seed), OCTETS)).json()).embeddings[0][0],
          ),
        );
        for (const [i, seed] of seeds.entries()) expect(answers[i]).toBe(answers[seed - 1]);
        expect(new Set(answers).size).toBe(3);
      });

      it('rejects anything but one window', async () => {
        expect(await problem(await post('/v1/infer', new Uint8Array(100), OCTETS))).toMatchObject({
          code: 'invalid-audio',
          status: 422,
          detail: expect.stringContaining('100 bytes, expected 192000'),
        });
        const broken = windowBytes();
        new DataView(broken.buffer).setFloat32(40, Number.NaN, true);
        expect((await problem(await post('/v1/infer', broken, OCTETS))).detail).toContain('sample 10 is NaN');
        const short = windowWav(new Float32Array(1000).fill(0.1));
        expect(await problem(await post('/v1/infer', short, { 'content-type': 'audio/wav' }))).toMatchObject({
          code: 'invalid-audio',
        });
        expect(await problem(await post('/v1/infer', 'x', { 'content-type': 'text/plain' }))).toMatchObject({
          code: 'unsupported-format',
          status: 415,
        });
        expect(await problem(await post('/v1/infer', 'RIFF', { 'content-type': 'audio/wav' }))).toMatchObject({
          status: expect.toSatisfy((status: number) => status === 415 || status === 422),
        });
        if (cutsUploads) return;
        const large = await problem(await post('/v1/infer', new Uint8Array(1024 * 1024 + 1), OCTETS));
        expect(large).toMatchObject({ code: 'audio-too-large', status: 413 });
      });

      it('accepts a deadline, and rejects an invalid one', async () => {
        const fine = await post('/v1/infer', windowBytes(), { ...OCTETS, 'x-deadline-ms': '60000' });
        expect(fine.status).toBe(200);
        await fine.arrayBuffer();
        for (const deadline of ['0', '-5', 'soon', '1.5']) {
          const bad = await post('/v1/infer', windowBytes(), { ...OCTETS, 'x-deadline-ms': deadline });
          expect(await problem(bad)).toMatchObject({ code: 'invalid-option', status: 400 });
        }
      });
    });

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
        expect(
          (await (await subject.fetch('/v1/diarize', { method: 'POST', body: form })).json()).speakers,
        ).toHaveLength(3);
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
            !(await (await subject.fetch('/metrics')).text()).includes(
              'voiceflow_requests_running{lane="recording"} 0',
            );
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

    describe('POST /v1/embed', () => {
      it('returns one embedding, of the whole or of a segment', async () => {
        const found = await (await post('/v1/embed?start=0.6&end=6', CONVERSATION)).json();
        expect(found.embedding).toHaveLength(192);
        expect(Math.hypot(...found.embedding)).toBeCloseTo(1, 4);
        expect(found).toMatchObject({ space: MODEL.space, model: MODEL });
        const binary = await post('/v1/embed?start=0.6&end=6', CONVERSATION, { accept: 'application/octet-stream' });
        expect([...new Float32Array(await binary.arrayBuffer())]).toEqual(found.embedding);
        const refused = await problem(await post('/v1/embed?start=5&end=2', CONVERSATION));
        expect(refused).toMatchObject({ code: 'invalid-option' });
      });

      it('returns voices that diarize recognizes by name', async () => {
        const { embedding, space } = await (await post('/v1/embed?start=0.6&end=6', CONVERSATION)).json();
        const known = encodeURIComponent(JSON.stringify([{ name: 'Ann', space, embedding }]));
        const found = await (await post(`/v1/diarize?known=${known}`, CONVERSATION)).json();
        expect(found.speakers.map((s: { name?: string }) => s.name)).toContain('Ann');
      });
    });

    describe('the Open Inference Protocol', () => {
      it('describes server and model', async () => {
        expect(await (await subject.fetch('/v2')).json()).toEqual({
          name: 'voiceflow',
          version: expect.any(String),
          extensions: ['binary_tensor_data'],
        });
        expect(await (await subject.fetch('/v2/health/live')).json()).toEqual({ live: true });
        expect(await (await subject.fetch('/v2/health/ready')).json()).toMatchObject({ live: true });
        const described = ({ name, dims }: { name: string; dims: readonly (number | string)[] }) => ({
          name,
          datatype: 'FP32',
          shape: dims.map((dim) => (typeof dim === 'number' ? dim : -1)),
        });
        const metadata = {
          name: 'fast-cnn',
          versions: [version],
          platform: 'onnx_onnxv1',
          inputs: inputs.map(described),
          outputs: outputs.map(described),
        };
        for (const path of ['/v2/models/fast-cnn', `/v2/models/fast-cnn/versions/${version}`]) {
          expect(await (await subject.fetch(path)).json()).toEqual(metadata);
          expect(await (await subject.fetch(`${path}/ready`)).json()).toEqual({ name: 'fast-cnn', ready: true });
        }
        expect(await problem(await subject.fetch('/v2/models/other'))).toMatchObject({ status: 404 });
        expect(await problem(await subject.fetch('/v2/models/fast-cnn/versions/9'))).toMatchObject({ status: 404 });
      });

      it('returns the result of /v1/infer from JSON and from bytes', async () => {
        const direct = await (await post('/v1/infer', windowBytes(), OCTETS)).json();
        const tensor = { name: 'audio', shape: [1, 48_000], datatype: 'FP32' };
        const size = { parameters: { binary_data_size: 192_000 } };
        const head = new TextEncoder().encode(
          JSON.stringify({ id: '7', inputs: [{ ...tensor, ...size }], outputs: [{ name: 'activity' }] }),
        );
        const mixed = await post('/v2/models/fast-cnn/infer', Buffer.concat([head, windowBytes()]), {
          ...OCTETS,
          'inference-header-content-length': String(head.length),
        });
        expect(mixed.status).toBe(200);
        expect(await mixed.json()).toMatchObject({
          model_name: 'fast-cnn',
          model_version: version,
          id: '7',
          outputs: [{ name: 'activity', shape: [1, FRAMES, 2], datatype: 'FP32', data: direct.activity.flat() }],
        });
        const raw = await post(`/v2/models/fast-cnn/versions/${version}/infer`, windowBytes(), {
          ...OCTETS,
          'inference-header-content-length': '0',
        });
        const bytes = Buffer.from(await raw.arrayBuffer());
        const length = Number(raw.headers.get('inference-header-content-length'));
        expect(JSON.parse(bytes.toString('utf8', 0, length)).outputs.map((o: { name: string }) => o.name)).toEqual([
          'embeddings',
          'activity',
        ]);
        const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + length, bytes.byteOffset + bytes.length));
        expect([...values]).toEqual([...direct.embeddings.flat(), ...direct.activity.flat()]);
        const samples = [...new Float32Array(windowBytes().buffer)].map((x) => Math.round(x * 1e4) / 1e4);
        const json = await post(
          '/v2/models/fast-cnn/infer',
          JSON.stringify({ inputs: [{ ...tensor, data: samples }] }),
          {
            'content-type': 'application/json',
          },
        );
        expect(json.status).toBe(200);
        expect((await json.json()).outputs[0].data).toHaveLength(384);
      });

      it('conforms to the published schema', async () => {
        const body = JSON.stringify({
          inputs: [{ name: 'audio', shape: [1, 48_000], datatype: 'FP32', data: new Array(48_000).fill(0.01) }],
        });
        const answers = [
          ['metadata_server_response', await subject.fetch('/v2/')],
          ['metadata_model_response', await subject.fetch(`/v2/models/fast-cnn/versions/${version}`)],
          ['inference_response', await post('/v2/models/fast-cnn/infer', body, { 'content-type': 'application/json' })],
          ['error_response', await post('/v2/models/fast-cnn/infer', '{}')],
          ['error_response', await subject.fetch('/v2/models/nothing')],
        ] as const;
        for (const [type, response] of answers) expect(faults(await response.json(), type)).toEqual([]);
        expect(faults({ model_name: 1, outputs: [{ shape: [1.5] }] }, 'inference_response').length).toBeGreaterThan(4);
      });

      it('returns errors in its own format and as problems', async () => {
        const response = await post('/v2/models/fast-cnn/infer', '{}', { 'content-type': 'application/json' });
        expect(await problem(response)).toMatchObject({
          status: 400,
          error: '"inputs" is missing, expected a list of tensors',
        });
        const lying = await post('/v2/models/fast-cnn/infer', '{}', { 'inference-header-content-length': 'x' });
        expect(await problem(lying)).toMatchObject({ code: 'invalid-option' });
      });
    });

    it('counts all requests for Prometheus', async () => {
      const metrics = async () => (await subject.fetch('/metrics')).text();
      // What was held for the client that left is given back when its worker has stopped.
      let text = await metrics();
      while (!text.includes('voiceflow_body_bytes 0')) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        text = await metrics();
      }
      expect(text).toMatch(/voiceflow_requests_total\{route="\/v1\/infer",outcome="ok"\} \d+/);
      expect(text).toMatch(/voiceflow_requests_total\{route="\/v1\/diarize",outcome="ok"\} \d+/);
      expect(text).toMatch(/voiceflow_refusals_total\{code="invalid-option"\} \d+/);
      for (const name of ['request', 'queue', 'inference']) {
        expect(text).toMatch(new RegExp(`voiceflow_${name}_duration_seconds_bucket\\{.*le="\\+Inf"\\} [1-9]`));
      }
      expect(text).toMatch(/voiceflow_queue_depth\{lane="infer"\} 0/);
      for (const line of text.trim().split('\n'))
        expect(line).toMatch(/^(# (HELP|TYPE) .+|[a-z_]+(\{.*\})? [-+.\de]+)$/);
    });
  });
}
