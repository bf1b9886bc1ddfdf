/** @module A worker process: one diarizer with one single-threaded session, jobs on standard input, answers on standard output. */
import { runWorker, startModel } from './run-worker.ts';

await runWorker(startModel);
