import type { Handler, TypedResponse } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import type * as v from 'valibot';
import type { ErrorCode } from 'voiceflow-ml/core';
import type { AppContext, AppEnv } from '../http/exchange.ts';
import type { Problem } from '../http/problem.ts';
import type { AppState } from '../state.ts';

/** What is sent in one form: a valibot schema where it is JSON or a form, else bytes or text. */
export type Media = v.GenericSchema | 'bytes' | 'text';

/** One answer of a route. */
export interface Answered {
  readonly description: string;
  readonly content?: Readonly<Record<string, Media>>;
}

/** A route as it is documented, typed for clients, and (by its schemas) validated. */
export interface RouteSpec {
  readonly summary: string;
  readonly description?: string;
  readonly tag: 'Inference' | 'Jobs' | 'Open Inference Protocol' | 'System';
  /** Whether it asks for an API key, where the server has keys. */
  readonly key: boolean;
  /** Of the options in the query, which are text. */
  readonly query?: v.GenericSchema & { readonly entries: Readonly<Record<string, v.GenericSchema>> };
  readonly headers?: Readonly<Record<string, v.GenericSchema>>;
  /** Of the parts of the path that are not fixed. */
  readonly params?: Readonly<Record<string, v.GenericSchema>>;
  readonly body?: Readonly<Record<string, Media>>;
  readonly answers: Readonly<Record<number, Answered>>;
  /** Codes of the problems that it answers, beside those of every route. */
  readonly problems?: readonly ProblemCode[];
}

/** `not-found` is no error of the SDK's: a route that says so has addresses that may lead to nothing. */
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

/** What Hono's client gives: options as text, all of which may be left out where none must be given. */
type InputOf<S> = S extends { readonly query: infer Q extends v.GenericSchema }
  ? { in: { query?: v.InferInput<Q> }; out: { query: v.InferInput<Q> } }
  : object;

/** A handler that carries the description of its route, for the document and for the type of the app. */
export type Described<S extends RouteSpec> = Handler<
  AppEnv,
  string,
  InputOf<S>,
  Promise<Extract<TypedAnswers<S['answers']> | TypedProblems<S>, TypedResponse<unknown, StatusCode, string>>>
>;

const SPECS = new WeakMap<object, RouteSpec>();

/** A handler of what all routes share, with its description. */
export function described<const S extends RouteSpec>(
  state: AppState,
  spec: S,
  handle: (c: AppContext, state: AppState) => Response | Promise<Response>,
): Described<S> {
  const handler = async (c: AppContext) => handle(c, state);
  SPECS.set(handler, spec);
  // Hono cannot see the type of an answer that is made of bytes: the description says it, and the route suite holds the
  // answers to the document that is made of it.
  return handler as unknown as Described<S>;
}

export function specOf(handler: object): RouteSpec | undefined {
  return SPECS.get(handler);
}
