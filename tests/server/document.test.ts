/** The API description is complete by construction: each route carries its own. */

import type { JobsMount } from '@voiceflow-ml/jobs';
import { createApp, type Engine } from '@voiceflow-ml/server';
import { VoiceFlowClient } from '@voiceflow-ml/server/client';
import { describe, expect, it } from 'vitest';
import { documented } from './documented.ts';

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description: string;
  readonly required?: boolean;
  readonly schema: object;
}

interface Operation {
  readonly operationId: string;
  readonly security: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: object;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const none = async () => {
  throw new Error('not asked');
};
const engine: Engine = { info: undefined, ready: false, onChange: () => {}, run: none, open: none, close: none };
const app = createApp({ engine, version: '1.2.3' });
const withJobs = createApp({ engine, version: '1.2.3', jobs: () => ({}) as JobsMount });
const ask = async (of = app): Promise<Document> =>
  (await of.fetch(new Request('http://localhost/openapi.json'))).json();

describe('the API description', () => {
  it.each([
    ['without jobs', app, 20],
    ['with jobs', withJobs, 29],
  ])('contains exactly the routes of the app: %s', async (_, app, least) => {
    const api = await ask(app);
    const routes = app.hono.routes.filter(({ method }) => method !== 'ALL');
    expect(routes.length).toBeGreaterThanOrEqual(least);
    const documented = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`).sort(),
    );
  });

  it('excludes routes of a host app', async () => {
    const own = createApp({ engine, version: '1' });
    own.hono.get('/more', (c) => c.text(''));
    const document = await (await own.fetch(new Request('http://localhost/openapi.json'))).json();
    expect(Object.keys(document.paths)).toEqual(Object.keys((await ask()).paths));
  });

  it('describes options like the schema that parses them', async () => {
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

  it('describes the options that may be fields of a form', async () => {
    const { paths } = await ask(withJobs);
    const form = (path: string) => {
      const schema = paths[path]?.post?.requestBody?.content['multipart/form-data']?.schema;
      return schema as { properties: Record<string, unknown>; required: string[] };
    };
    for (const path of ['/v1/diarize', '/v1/embed', '/v1/jobs']) {
      const fields = Object.keys(form(path).properties).filter((name) => name !== 'file');
      const inQuery = paths[path]?.post?.parameters?.filter((each) => each.in === 'query').map(({ name }) => name);
      expect(fields, path).toEqual(inQuery?.filter((name) => name !== 'format' && name !== 'url'));
      expect(form(path).required, path).toEqual(['file']);
    }
    expect(form('/v1/diarize').properties.numSpeakers).toMatchObject({ type: 'integer', minimum: 1, maximum: 100 });
    expect(form('/v1/diarize').properties.exclusive).toMatchObject({ type: 'boolean' });
    expect(Object.keys(form('/v1/voices').properties)).toEqual(['file']);
  });

  it('describes requests and responses of jobs', async () => {
    const { paths, components } = await ask(withJobs);
    const jobs = Object.entries(paths).filter(([path]) => /^\/v1\/(jobs|voices)/.test(path));
    expect(jobs.map(([path]) => path)).toHaveLength(6);
    for (const [path, methods] of jobs) {
      for (const [method, { parameters = [], responses, requestBody }] of Object.entries(methods)) {
        expect(Object.keys(responses), `${method} ${path}`).toEqual(expect.arrayContaining(['401', '429', '503']));
        expect(Object.keys(responses).some((status) => status.startsWith('2'))).toBe(true);
        const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
        expect(parameters.filter((each) => each.in === 'path').map(({ name }) => name)).toEqual(named);
        if (method === 'post') expect(Object.keys(requestBody?.content ?? {})).toContain('multipart/form-data');
        for (const each of parameters) expect(each.description, `${path} ${each.name}`).not.toBe('');
      }
    }
    expect(paths['/v1/jobs']?.post?.parameters?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['numSpeakers', 'channels', 'webhook', 'priority', 'metadata', 'idempotency-key']),
    );
    expect(components.schemas).toHaveProperty('Job.properties.state.enum', expect.arrayContaining(['succeeded']));
    expect(components.schemas).toHaveProperty('Job.properties.result.properties.turns');
  });

  it('contains no job route that the client lacks', async () => {
    const asked: string[] = [];
    const { jobs } = new VoiceFlowClient({
      url: 'http://localhost',
      fetch: async (url, init) => {
        const { pathname } = new URL(url);
        asked.push(`${init?.method?.toLowerCase()} ${pathname.replace(/ID/, '{id}').replace(/NAME/, '{name}')}`);
        return Response.json({ voices: [] });
      },
    });
    const audio = new Blob(['a']);
    await jobs.submit(audio);
    await jobs.list();
    await jobs.get('ID');
    await jobs.result('ID', 'json');
    for await (const _ of jobs.events('ID'));
    await jobs.cancel('ID');
    await jobs.enroll('NAME', audio);
    await jobs.voices();
    await jobs.removeVoice('NAME');
    const { paths } = await ask(withJobs);
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(asked.sort()).toEqual(documented.filter((each) => /\/v1\/(jobs|voices)/.test(each)).sort());
  });

  it('names each operation once, and says which need no key', async () => {
    const { paths } = await ask(withJobs);
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    const names = operations.map(({ operationId }) => operationId);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['postV1Diarize', 'getV1JobsId', 'getV2ModelsModel', 'getIndex']));
    expect(paths['/healthz']?.get?.security).toEqual([]);
    expect(paths['/v1/diarize']?.post?.security).toEqual([{ key: [] }, {}]);
  });

  it('has no keyword that JSON Schema does not know, so that generated clients have the types of all options', async () => {
    const known = [
      ...['$ref', 'additionalProperties', 'anyOf', 'allOf', 'const', 'default', 'description', 'enum', 'format'],
      ...['items', 'maximum', 'maxItems', 'maxLength', 'minimum', 'minItems', 'minLength', 'oneOf', 'pattern'],
      ...['prefixItems', 'properties', 'propertyNames', 'required', 'title', 'type', 'exclusiveMinimum'],
    ];
    const unknown: string[] = [];
    const check = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, value] of Object.entries(schema)) {
        if (!Array.isArray(schema) && !known.includes(key)) unknown.push(key);
        if (key === 'properties') check(Object.values(value));
        else if (!['const', 'default', 'enum', 'required'].includes(key)) check(value);
      }
    };
    const { paths, components } = await ask(withJobs);
    check(Object.values(components.schemas));
    for (const { parameters = [], requestBody } of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      for (const { schema } of [...parameters, ...Object.values(requestBody?.content ?? {})]) check(schema);
    }
    expect(unknown).toEqual([]);
    const form = { properties: { file: { type: 'string', format: 'binary' } } };
    const { post } = paths['/v1/diarize'] ?? {};
    expect(post?.requestBody?.content).toMatchObject({ 'multipart/form-data': { schema: form } });
  });

  it('defines all referenced schemas', async () => {
    const api = await ask();
    const { schemas } = api.components;
    const refs = [...JSON.stringify(api).matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1]);
    expect(refs.length).toBeGreaterThan(20);
    for (const name of refs) expect(schemas).toHaveProperty(String(name));
    expect(schemas.Problem).toMatchObject({ type: 'object', required: expect.not.arrayContaining(['hint']) });
    expect(schemas.Window).toMatchObject({ properties: { embeddings: { type: 'array' } } });
  });

  it('is the description with which the route suite validates responses', async () => {
    const fetch = async (path: string) =>
      path === '/openapi.json' ? app.fetch(new Request(`http://localhost${path}`)) : Response.json({ status: 'odd' });
    const subject = documented({ fetch, close: async () => {} });
    await expect(subject.fetch('/healthz')).rejects.toThrow(/GET \/healthz 200 against the API description/);
    await expect(subject.fetch('/v3')).rejects.toThrow(/is in the API description/);
  });
});
