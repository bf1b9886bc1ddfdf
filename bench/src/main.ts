/** The measurements as a process of their own: `node bench/dist/main.js COMMAND …`. */
import { parts } from './parts.ts';
import { processIo, runBench } from './run.ts';

const [name = '', ...rest] = process.argv.slice(2);
const part = parts[name];
process.exitCode = await (part === undefined ? runBench(process.argv.slice(2)) : part(rest, processIo()));
