import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { Subject } from './harness.ts';

interface Documented {
  readonly path: RegExp;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
  readonly at: string;
}

/** The subject, each of whose JSON answers is held to the schema that its own API description gives it. */
export function documented(subject: Subject): Subject {
  let api: Promise<(path: string, method: string, response: Response) => Promise<void>> | undefined;
  return {
    close: () => subject.close(),
    async fetch(path, init) {
      const response = await subject.fetch(path, init);
      api ??= load(subject);
      const type = response.headers.get('content-type') ?? '';
      if (/json/.test(type)) await (await api)(path, init?.method ?? 'GET', response.clone());
      return response;
    },
  };
}

async function load(subject: Subject) {
  const document = await (await subject.fetch('/openapi.json')).json();
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(document, 'api');
  const routes = Object.entries(document.paths as Record<string, Record<string, Documented>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { responses }]) => ({
        method: method.toUpperCase(),
        path: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
        responses,
        at: `api#/paths/${escaped(path)}/${method}/responses`,
      })),
  );
  const compiled = new Map<string, ValidateFunction>();
  return async (asked: string, method: string, response: Response) => {
    const path = asked.replace(/\?.*/, '');
    const route = routes.find((each) => each.method === method.toUpperCase() && each.path.test(path));
    if (route === undefined) {
      // What is no route has no description; every other answer must have one.
      expect([404, 405, 403], `${method} ${path} is in the API description`).toContain(response.status);
      return;
    }
    const status = String(response.status) in route.responses ? String(response.status) : 'default';
    const type = (response.headers.get('content-type') ?? '').replace(/;.*/, '');
    const content = route.responses[status]?.content;
    expect(Object.keys(content ?? {}), `${method} ${path} answers ${response.status}`).toContain(type);
    const at = `${route.at}/${status}/content/${escaped(type)}/schema`;
    const validate = compiled.get(at) ?? ajv.compile({ $ref: at });
    compiled.set(at, validate);
    validate(await response.json());
    expect(validate.errors ?? [], `${method} ${path} ${response.status} against the API description`).toEqual([]);
  };
}

/** A member's name in a JSON pointer within a URI. */
function escaped(name: string): string {
  return encodeURIComponent(name.replace(/~/g, '~0').replace(/\//g, '~1'));
}
