/** Diarizes with the backend named, in this thread or (`thread`) a worker thread, and lives for some milliseconds more. */
import process from 'node:process';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createDiarizer } from 'voiceflow-ml';

const [, , backend = 'auto', where = 'here', linger = '0'] = process.argv;

async function diarize(name) {
  const diarizer = await createDiarizer(name === 'auto' ? {} : { backend: name });
  const samples = Float32Array.from({ length: 48_000 }, (_, i) => Math.sin(i / 20) * 0.3);
  const result = await diarizer.diarize({ samples, sampleRate: 16_000 });
  await diarizer.close();
  return { backend: result.backend, warnings: result.warnings };
}

if (!isMainThread) {
  parentPort?.postMessage(await diarize(workerData));
} else {
  if (where === 'thread') {
    const worker = new Worker(new URL(import.meta.url), { workerData: backend });
    worker.on('message', (answer) => console.log(JSON.stringify(answer)));
    worker.on('error', (error) => console.log(JSON.stringify({ code: error.code, hint: error.hint })));
  } else {
    console.log(JSON.stringify(await diarize(backend)));
  }
  setTimeout(() => {}, Number(linger));
}
