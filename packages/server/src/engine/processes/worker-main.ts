/**
 * @module The program of a worker process: one diarizer with one single-threaded session. See `run-worker.ts`; the
 * server's side is `worker-process.ts`.
 */
import { runWorker, startModel } from './run-worker.ts';

await runWorker(startModel);
