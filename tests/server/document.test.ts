/** The API description is complete by construction: each route carries its own. */

import { createApp, type Engine } from '@voiceflow-ml/server';
import { describe, expect, it } from 'vitest';
import { documented } from './documented.ts';

interface Parameter {
  readonly name: string;
  readonly required?: boolean;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly parameters?: readonly Parameter[] }>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const none = async () => {
  throw new Error('not asked');
};
const engine: Engine = { info: undefined, ready: false, onChange: () => {}, run: none, open: none, close: none };
const app = createApp({ engine, version: '1.2.3' });
const ask = async (): Promise<Document> => (await app.fetch(new Request('http://localhost/openapi.json'))).json();

describe('the API description', () => {
  it('has every route of the app, and no other', async () => {
    const api = await ask();
    const routes = app.hono.routes.filter(({ method }) => method !== 'ALL');
    expect(routes.length).toBeGreaterThanOrEqual(20);
    const documented = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
  });

  it('leaves out what a host adds', async () => {
    const own = createApp({ engine, version: '1' });
    own.hono.get('/more', (c) => c.text(''));
    const document = await (await own.fetch(new Request('http://localhost/openapi.json'))).json();
    expect(Object.keys(document.paths)).toEqual(Object.keys((await ask()).paths));
  });

  it('says of options what the schema that reads them says', async () => {
    const api = await ask();
    const { parameters } = api.paths['/v1/diarize']?.post ?? {};
    const named = (name: string) => parameters?.find((each) => each.name === name);
    expect(named('numSpeakers')).toMatchObject({ in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } });
    expect(named('numSpeakers')).not.toHaveProperty('required');
    expect(named('x-deadline-ms')).toMatchObject({ in: 'header', schema: { type: 'integer' } });
    const live = api.paths['/v1/stream']?.get?.parameters;
    expect(live?.filter(({ required }) => required).map(({ name }) => name)).toEqual(['sampleRate']);
    expect(live?.find(({ name }) => name === 'encoding')).toMatchObject({ schema: { enum: ['s16le', 'f32le'] } });
  });

  it('names the schemas that it refers to', async () => {
    const api = await ask();
    const { schemas } = api.components;
    const refs = [...JSON.stringify(api).matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]);
    expect(refs.length).toBeGreaterThan(20);
    for (const name of refs) expect(schemas).toHaveProperty(String(name));
    expect(schemas.Problem).toMatchObject({ type: 'object', required: expect.not.arrayContaining(['hint']) });
    expect(schemas.Window).toMatchObject({ properties: { embeddings: { type: 'array' } } });
  });

  it('is what the route suite holds answers to', async () => {
    const fetch = async (path: string) =>
      path === '/openapi.json' ? app.fetch(new Request(`http://localhost${path}`)) : Response.json({ status: 'odd' });
    const subject = documented({ fetch, close: async () => {} });
    await expect(subject.fetch('/healthz')).rejects.toThrow(/GET \/healthz 200 against the API description/);
    await expect(subject.fetch('/v3')).rejects.toThrow(/is in the API description/);
  });
});
