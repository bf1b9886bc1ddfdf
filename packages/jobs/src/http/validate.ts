import { type DescribeRouteOptions, resolver, validator } from 'hono-openapi';
import * as v from 'valibot';
import { VoiceFlowError } from 'voiceflow-ml/core';
import { ProblemSchema } from './schemas.ts';

type Issue = { readonly message: string; readonly path?: readonly unknown[] | undefined };

/** @throws `invalid-option` naming what was wrong. */
function refuse(issues: readonly Issue[], value: unknown): never {
  const [issue] = issues;
  const step = issue?.path?.[0];
  const key = typeof step === 'object' && step !== null && 'key' in step ? step.key : step;
  const name = key === undefined ? 'the request' : String(key);
  const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  const text = given === undefined ? '' : ` is ${JSON.stringify(given)?.slice(0, 60)}`;
  throw new VoiceFlowError('invalid-option', `${name}${text}: ${issue?.message ?? 'it is not valid'}`, {
    hint: 'See /docs for the options.',
  });
}

/** Checks a part of the request, and describes it. */
export function check<T extends 'query' | 'param', S extends v.GenericSchema>(target: T, schema: S) {
  return validator(target, schema, (result) => {
    if (!result.success) refuse(result.error as readonly Issue[], result.data);
  });
}

export function parse<S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  return result.success ? result.output : refuse(result.issues as readonly Issue[], value);
}

/** A response of the description: JSON by a schema. */
export function json(description: string, schema: v.GenericSchema) {
  return { description, content: { 'application/json': { schema: resolver(schema) } } };
}

export const PROBLEMS: NonNullable<DescribeRouteOptions['responses']> = Object.fromEntries(
  Object.entries({
    400: 'invalid-option',
    401: 'unauthorized',
    404: 'not-found',
    413: 'audio-too-large',
    429: 'quota-exceeded',
    503: 'overloaded, backend-unavailable: the database or the storage is away',
  }).map(([status, description]) => [
    status,
    { description, content: { 'application/problem+json': { schema: resolver(ProblemSchema) } } },
  ]),
);

export const SECURITY = [{ key: [] }, {}];
