#!/usr/bin/env node
/** @module The program: `node main-node.js`. What is imported is `node.ts`, which starts nothing. */
import process from 'node:process';
import { serve } from './server.ts';

process.exit(await serve());
