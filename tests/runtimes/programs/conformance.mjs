/** Runs the conformance suite against a backend: one JSON line for each case. */
import { backendCases } from 'voiceflow-ml/testing';
import { backendOf, host } from './host.mjs';

const name = process.argv[2];
console.log(JSON.stringify({ host: host() }));
for (const { name: title, run } of backendCases({ name, create: () => backendOf(name) })) {
  const error = await run().then(
    () => undefined,
    (reason) => String(reason?.stack ?? reason),
  );
  console.log(JSON.stringify({ case: title, error }));
}
