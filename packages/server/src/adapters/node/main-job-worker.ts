#!/usr/bin/env node
/** @module The program: `node main-job-worker.js`, which processes the jobs of a database and serves no requests. */
import process from 'node:process';
import { runWork } from '../common/job-worker.ts';

process.exit(await runWork(process.argv.slice(2)));
