/** @module The program: `bun main-bun.js`. The module to import is `bun.ts`, which starts nothing. */
import process from 'node:process';
import { asksForHelp } from '../../args/help.ts';
import { serve } from './server.ts';

if (asksForHelp(process.argv.slice(2))) process.stdout.write('Usage: bun main-bun.js [options]\n\n');
process.exit(await serve());
