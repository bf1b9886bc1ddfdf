import { toJsonSchema } from '@valibot/to-json-schema';
import type { Hono } from 'hono';
import * as v from 'valibot';
import type { AppEnv } from '../../http/context.ts';
import { PROBLEMS } from '../../http/problem.ts';
import { type Media, type ProblemCode, type RouteSpec, specOf } from '../describe.ts';
import { ProblemSchema } from '../schemas.ts';

/** The part of an OpenAPI 3.1 document that is used here. */
export type OpenApi = ReturnType<typeof openApi>;
export type Operation = ReturnType<typeof operation>;
export type Parameter = ReturnType<typeof parameter>;

const SECURITY = [{ key: [] }, {}];

/** The API description of the app, made from the descriptions attached to its routes. */
export function openApi(app: Hono<AppEnv>, version: string) {
  const schemas: Record<string, unknown> = {};
  const paths: Record<string, Record<string, Operation>> = {};
  for (const { method, path, handler } of app.routes) {
    const name = path.replace(/:(\w+)/g, '{$1}');
    if (method === 'ALL') continue;
    const spec = specOf(handler);
    // A route that a host added to the app. A test checks that all our own routes have descriptions.
    if (spec === undefined) continue;
    paths[name] = { ...paths[name], [method.toLowerCase()]: operation(spec, method, name, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'VoiceFlow',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Who spoke when. Errors are application/problem+json (RFC 9457) with a stable `code`; every response has x-request-id, inference responses have Server-Timing.',
    },
    paths,
    components: {
      schemas,
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operation(spec: RouteSpec, method: string, path: string, schemas: Record<string, unknown>) {
  const { summary, description, tag, key, query, headers = {}, params = {}, body, answers, problems = [] } = spec;
  const content = (media: Readonly<Record<string, Media>> = {}) =>
    Object.fromEntries(Object.entries(media).map(([type, each]) => [type, { schema: mediaSchema(each, schemas) }]));
  const responses: Record<string, { description: string; content?: object | undefined }> = {
    ...problemResponses(key, problems, schemas),
  };
  for (const [status, answer] of Object.entries(answers)) {
    responses[status] = { description: answer.description, content: answer.content && content(answer.content) };
  }
  return {
    operationId: operationId(method, path),
    summary,
    description,
    tags: [tag],
    security: key ? SECURITY : [],
    parameters: [
      ...Object.entries(params)
        .filter(([name]) => path.includes(`{${name}}`))
        .map(([name, schema]) => parameter(name, 'path', schema)),
      ...Object.entries(query?.entries ?? {}).map(([name, schema]) => parameter(name, 'query', schema)),
      ...Object.entries(headers).map(([name, schema]) => parameter(name, 'header', v.optional(schema))),
    ],
    requestBody: body && { required: true, content: content(body) },
    responses,
  };
}

/** Names the operation for generators of clients: `GET /v1/jobs/{id}` is `getV1JobsId`, `GET /` is `getIndex`. */
function operationId(method: string, path: string): string {
  const words = path
    .slice(1)
    .split('/')
    .map((part) => part.replace(/\W+/g, ' ').trim() || 'index');
  const named = words.flatMap((part) => part.split(' ')).map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  return method.toLowerCase() + named.join('');
}

/** The problem responses by status, with the codes of each. */
function problemResponses(key: boolean, codes: readonly ProblemCode[], schemas: Record<string, unknown>) {
  const byStatus = new Map<number, ProblemCode[]>();
  const every: readonly ProblemCode[] = key ? ['invalid-option', 'unauthorized', 'quota-exceeded'] : [];
  for (const code of [...every, ...codes]) {
    const status = code === 'not-found' ? 404 : PROBLEMS[code].status;
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const content = { 'application/problem+json': { schema: mediaSchema(ProblemSchema, schemas) } };
  return {
    ...Object.fromEntries([...byStatus].map(([status, these]) => [status, { description: these.join(', '), content }])),
    default: { description: 'Any other problem.', content },
  };
}

function parameter(name: string, place: 'query' | 'header' | 'path', schema: v.GenericSchema) {
  const optional = schema.type === 'optional';
  const inner = optional ? (schema as v.OptionalSchema<v.GenericSchema<string>, undefined>).wrapped : schema;
  return {
    name,
    in: place,
    description: v.getDescription(inner) ?? '',
    required: optional ? undefined : true,
    schema: { ...jsonSchema(inner), description: undefined },
  };
}

function mediaSchema(media: Media, schemas: Record<string, unknown>): unknown {
  if (media === 'text') return { type: 'string' };
  if (media === 'bytes') return { type: 'string', format: 'binary' };
  const title = v.getTitle(media);
  if (title === undefined) return jsonSchema(media);
  schemas[title] ??= jsonSchema(media);
  return { $ref: `#/components/schemas/${title}` };
}

function jsonSchema(schema: v.GenericSchema): Record<string, unknown> {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    errorMode: 'ignore',
  });
  return rest;
}
