/** @module The program: `deno main-deno.js`. The module to import is `deno.ts`, which starts nothing. */
import process from 'node:process';
import { serve } from './server.ts';

process.exit(await serve());
