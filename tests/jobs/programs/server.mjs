/** A real server of this runtime with a toy instead of a model: `server.mjs DATA WORKERS FAULTY`, configured by the environment. */
import process from 'node:process';
import { jobsOptions } from '@voiceflow-ml/jobs/options';

const [data, workers = '2', faulty] = process.argv.slice(2);
const { bun, deno } = process.versions;
const start =
  bun !== undefined
    ? (await import('@voiceflow-ml/server/bun')).serveBun
    : deno !== undefined
      ? (await import('@voiceflow-ml/server/deno')).serveDeno
      : (await import('@voiceflow-ml/server/node')).serveNode;
const run = deno === undefined ? [faulty] : ['run', '--allow-all', '--quiet', faulty];
const command = { command: process.execPath, args: run, env: { VOICEFLOW_FAULTS: '{"toy":true}' } };
const server = await start({
  port: 0,
  workers: Number(workers),
  command,
  apiOnly: process.env.VOICEFLOW_API_ONLY === '1',
  jobs: jobsOptions(process.env, data === undefined || data === '' ? {} : { data }),
  log: () => {},
});
process.stdout.write(`${server.url}\n`);
process.once('SIGTERM', async () => {
  await server.close();
  process.exit(0);
});
// Whoever started it has gone.
process.stdin.resume().once('end', () => process.exit(1));
