/** @module The program: `deno main-deno.js`. The module to import is `deno.ts`, which starts nothing. */
import process from 'node:process';
import { asksForHelp } from '../../args/help.ts';
import { serve } from './server.ts';

if (asksForHelp(process.argv.slice(2))) process.stdout.write('Usage: deno main-deno.js [options]\n\n');
process.exit(await serve());
