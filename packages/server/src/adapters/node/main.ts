#!/usr/bin/env node
/** @module The program: `node main-node.js`. The module to import is `node.ts`, which starts nothing. */
import process from 'node:process';
import { asksForHelp } from '../../args/help.ts';
import { restartWithFlags } from '../../engine/processes/v8.ts';

restartWithFlags();
const { serve } = await import('./server.ts');
if (asksForHelp(process.argv.slice(2))) process.stdout.write('Usage: voiceflow-server [options]\n\n');
process.exit(await serve());
