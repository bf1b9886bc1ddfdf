import type { Handler, TypedResponse } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import type * as v from 'valibot';
import type { ErrorCode } from 'voiceflow-ml/core';
import type { AppContext, AppEnv } from '../http/context.ts';
import type { Problem } from '../http/problem.ts';
import type { AppState } from '../state.ts';

/** The content of one media type: a valibot schema for JSON or a form, else bytes or text. */
export type Media = v.GenericSchema | 'bytes' | 'text';

interface Answered {
  readonly description: string;
  readonly content?: Readonly<Record<string, Media>>;
}

/**
 * The specification of a route, for its documentation, for the types of clients and (by its schemas) for validation.
 */
export interface RouteSpec {
  readonly summary: string;
  readonly description?: string;
  readonly tag: 'Inference' | 'Jobs' | 'Open Inference Protocol' | 'System';
  /** Whether it requires an API key, if the server has keys. */
  readonly key: boolean;
  /** Schema of the options in the query, which are text. */
  readonly query?: v.GenericSchema & { readonly entries: Readonly<Record<string, v.GenericSchema>> };
  readonly headers?: Readonly<Record<string, v.GenericSchema>>;
  readonly params?: Readonly<Record<string, v.GenericSchema>>;
  readonly body?: Readonly<Record<string, Media>>;
  readonly answers: Readonly<Record<number, Answered>>;
  /** Codes of its problem responses, besides those of every route. */
  readonly problems?: readonly ProblemCode[];
}

/** `not-found` is not an error code of the SDK; it is for routes whose path may name something that does not exist. */
export type ProblemCode = ErrorCode | 'not-found';

type JsonOf<A> = A extends { readonly content: { readonly 'application/json': infer S extends v.GenericSchema } }
  ? v.InferOutput<S>
  : never;

type TypedAnswers<Answers> = {
  [Status in keyof Answers & StatusCode]: TypedResponse<JsonOf<Answers[Status]>, Status, 'json'>;
}[keyof Answers & StatusCode];

type TypedProblems<S> = S extends { readonly problems: readonly ProblemCode[] }
  ? TypedResponse<Problem, 400 | 401 | 404 | 413 | 415 | 422 | 429 | 500 | 503 | 504, 'json'>
  : never;

/** The input type of Hono's client: options as text; the query may be omitted when all options are optional. */
type InputOf<S> = S extends { readonly query: infer Q extends v.GenericSchema }
  ? { in: { query?: v.InferInput<Q> }; out: { query: v.InferInput<Q> } }
  : object;

/** A handler with the description of its route, for the API description and for the type of the app. */
type Described<S extends RouteSpec> = Handler<
  AppEnv,
  string,
  InputOf<S>,
  Promise<Extract<TypedAnswers<S['answers']> | TypedProblems<S>, TypedResponse<unknown, StatusCode, string>>>
>;

const SPECS = new WeakMap<object, RouteSpec>();

/** Makes a handler with access to the shared state, and attaches its description. */
export function described<const S extends RouteSpec>(
  state: AppState,
  spec: S,
  handle: (c: AppContext, state: AppState) => Response | Promise<Response>,
): Described<S> {
  const handler = async (c: AppContext) => handle(c, state);
  SPECS.set(handler, spec);
  // Hono cannot infer the type of a response made of bytes. The description gives the type, and the tests of the routes
  // check the responses against the document generated from it.
  return handler as unknown as Described<S>;
}

export function specOf(handler: object): RouteSpec | undefined {
  return SPECS.get(handler);
}
