/** The measurements as a process of their own: `node bench/dist/main.js COMMAND …`. */
import { inner } from './commands/backends.ts';
import { processIo, runBench } from './run.ts';

const [name = '', ...rest] = process.argv.slice(2);
const part = inner[name];
process.exitCode = await (part === undefined ? runBench(process.argv.slice(2)) : part(rest, processIo()));
