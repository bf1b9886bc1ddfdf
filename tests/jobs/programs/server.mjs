/** A real server with a toy instead of a model: `server.mjs DATA WORKERS`, configured by the environment. */
import process from 'node:process';
import { jobsOptions } from '@voiceflow-ml/jobs/options';
import { serveNode } from '@voiceflow-ml/server/node';

const [data, workers = '2', faulty] = process.argv.slice(2);
const command = { command: process.execPath, args: [faulty], env: { VOICEFLOW_FAULTS: '{"toy":true}' } };
const server = await serveNode({
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
