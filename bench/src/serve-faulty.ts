/** The server with workers that fail as `VOICEFLOW_FAULTS` says, for `serve.js chaos`. */
import { fileURLToPath } from 'node:url';
import { serveNode } from '@voiceflow-ml/server/node';

const worker = fileURLToPath(import.meta.resolve('@voiceflow-ml/server/faulty-worker'));
const server = await serveNode({
  port: Number(process.env.VOICEFLOW_PORT),
  workers: Number(process.env.VOICEFLOW_WORKERS),
  command: { command: process.execPath, args: [worker], env: {} },
  log: () => {},
});
process.once('SIGTERM', () => {
  void server.close().then(() => process.exit(0));
});
