import type { Hono } from 'hono';
import { generateSpecs } from 'hono-openapi';

/** What the routes add to the API description. */
export interface Described {
  readonly paths: Record<string, unknown>;
  readonly schemas: Record<string, unknown>;
}

interface Operation {
  parameters?: { description?: string; schema?: { description?: string } }[];
}

/** The description of the routes, made from their schemas. */
export async function describeRoutes(app: Hono): Promise<Described> {
  const { paths = {}, components } = await generateSpecs(app);
  for (const path of Object.values(paths as Record<string, Record<string, Operation>>)) {
    for (const { parameters } of Object.values(path)) {
      // A schema's description is the parameter's: readers of the page look for it there.
      for (const each of parameters ?? []) each.description ??= each.schema?.description ?? '';
    }
  }
  return { paths, schemas: components?.schemas ?? {} };
}
