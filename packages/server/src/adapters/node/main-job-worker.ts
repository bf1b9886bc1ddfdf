#!/usr/bin/env node
/** @module The program: `node main-job-worker.js`, which processes the jobs of a database and serves no requests. */
import process from 'node:process';
import { asksForHelp } from '../../args/help.ts';
import { runWork } from '../common/job-worker.ts';

const args = process.argv.slice(2);
if (asksForHelp(args)) process.stdout.write('Usage: node main-job-worker.js [options]\n\n');
process.exit(await runWork(args));
