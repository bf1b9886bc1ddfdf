import type { Backend } from '../contract/backend.ts';
import { abortCases } from './cases-abort.ts';
import { lifeCases } from './cases-life.ts';
import { refusalCases } from './cases-refusal.ts';
import { runCases } from './cases-run.ts';
import type { Cases } from './check.ts';

/** One test of the suite. `run` rejects with the actual and the expected result. */
export interface BackendCase {
  readonly name: string;
  run(): Promise<void>;
}

export interface BackendTestOptions {
  readonly name: string;
  /** Creates a new backend; called once for each case. */
  create(): Backend | Promise<Backend>;
  /** Cases that this backend cannot pass on this host, each with the reason. */
  readonly skip?: readonly { readonly reason: string; readonly cases: readonly string[] }[];
}

/** Functions of a test runner. Those of vitest, bun:test, node:test and jest can be used directly. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  readonly it: {
    (name: string, body: () => Promise<void>): void;
    readonly skip: (name: string, body: () => Promise<void>) => void;
  };
}

const CASES: Cases = { ...runCases, ...abortCases, ...refusalCases, ...lifeCases };

/** The suite as plain functions, for hosts without a test runner. Skipped cases are omitted. */
export function backendCases(options: BackendTestOptions): BackendCase[] {
  const create = async () => options.create();
  const skipped = new Set(options.skip?.flatMap(({ cases }) => cases));
  const unknown = [...skipped].filter((name) => !Object.hasOwn(CASES, name));
  if (unknown.length > 0) throw new Error(`no such cases to skip: ${unknown.join(', ')}`);
  return Object.entries(CASES)
    .filter(([name]) => !skipped.has(name))
    .map(([name, run]) => ({ name, run: () => run(create) }));
}

/**
 * Registers the tests that every backend must pass: shapes and values, types, batches, overlapping runs, cancellation,
 * rejected input, ownership of buffers, closing. It generates its own small ONNX models.
 *
 * @example
 * import { testBackend } from 'voiceflow-ml/testing';
 * import { describe, it } from 'vitest';
 * testBackend({ name: 'mine', create: () => myBackend() }, { describe, it });
 */
export function testBackend(options: BackendTestOptions, { describe, it }: TestRunner): void {
  describe(`backend ${options.name}`, () => {
    for (const { name, run } of backendCases(options)) it(name, run);
    for (const { reason, cases } of options.skip ?? []) {
      for (const name of cases) it.skip(`${name} (${reason})`, async () => {});
    }
  });
}
