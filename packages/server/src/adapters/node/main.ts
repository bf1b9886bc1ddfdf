#!/usr/bin/env node
/** @module The program: `node main-node.js`. The module to import is `node.ts`, which starts nothing. */
import process from 'node:process';
import { restartWithFlags } from '../../engine/processes/v8.ts';

restartWithFlags();
const { serve } = await import('./server.ts');
process.exit(await serve());
