/** A real worker, with a toy instead of a model unless it is told "real", configured by the environment. */
import process from 'node:process';
import { runWork } from '@voiceflow-ml/server/node';

const [faulty, ...args] = process.argv.slice(2);
const toy = { command: process.execPath, args: [faulty], env: { VOICEFLOW_FAULTS: '{"toy":true}' } };
process.stdin.resume().once('end', () => process.exit(1));
process.exit(await runWork(args, faulty === 'real' ? undefined : toy));
