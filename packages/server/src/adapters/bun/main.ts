/** @module The program: `bun main-bun.js`. The module to import is `bun.ts`, which starts nothing. */
import process from 'node:process';
import { serve } from './server.ts';

process.exit(await serve());
