import type { Hono } from 'hono';
import type { Problem } from '../http/problem.ts';
import type { DiarizeJson, EmbeddingJson, WindowJson } from './types.ts';

/** An alias, not an interface: those lack the implicit index signature by which `hc` knows an endpoint. */
type Answer<Input, Output, Status extends number = 200> = {
  input: Input;
  output: Output;
  outputFormat: 'json';
  status: Status;
};

type Asked<Input, Output> =
  | Answer<Input, Output>
  | Answer<Input, Problem, 400 | 401 | 413 | 415 | 422 | 429 | 500 | 503 | 504>;

interface CountQuery {
  numSpeakers?: string;
  minSpeakers?: string;
  maxSpeakers?: string;
  known?: string;
  exclusive?: string;
  channels?: string;
  uri?: string;
}

interface TensorMetadata {
  name: string;
  datatype: string;
  shape: number[];
}

interface ModelMetadata {
  name: string;
  versions: string[];
  platform: string;
  inputs: TensorMetadata[];
  outputs: TensorMetadata[];
}

/**
 * The server for Hono's `hc<AppType>(url)`: routes, options and answers. Bodies are bytes, so they are given beside
 * the typed input: `client.v1.infer.$post({}, { init: { body } })`.
 */
export type AppType = Hono<
  // biome-ignore lint/complexity/noBannedTypes: Hono's own name for "no bindings and no variables"
  {},
  {
    '/v1/infer': { $post: Asked<object, WindowJson> };
    '/v1/diarize': { $post: Asked<{ query?: CountQuery }, DiarizeJson> };
    '/v1/embed': { $post: Asked<{ query?: { start?: string; end?: string } }, EmbeddingJson> };
    '/healthz': { $get: Answer<object, { status: 'ok' }> };
    '/readyz': { $get: Answer<object, { status: 'ready' | 'starting' | 'draining' }, 200 | 503> };
    '/v2': { $get: Answer<object, { name: string; version: string; extensions: string[] }> };
    '/v2/models/:model': { $get: Asked<{ param: { model: string } }, ModelMetadata> };
    '/v2/models/:model/ready': { $get: Asked<{ param: { model: string } }, { name: string; ready: boolean }> };
  },
  '/'
>;
