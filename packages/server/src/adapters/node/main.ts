#!/usr/bin/env node
/** @module The program: `node main-node.js`. What is imported is `node.ts`, which starts nothing. */
import process from 'node:process';
import { serve, tuneServerProcess } from './server.ts';

tuneServerProcess();
process.exit(await serve());
