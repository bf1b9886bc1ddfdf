/** @module A worker process: one diarizer with one single-threaded session, jobs on standard input, answers on standard output. */
import { Console } from 'node:console';
import process from 'node:process';
import { type Backend, createDiarizer, type Model, openAudio } from '@voiceflow-ml/core';
import { nodeBackend } from '@voiceflow-ml/ort-node';
import { JobRunner } from './jobs/runner.ts';
import { modelPackage } from './models.ts';
import { serveJobs } from './pool/serve-jobs.ts';

// Standard output carries frames: whatever a library prints must go elsewhere.
globalThis.console = new Console(process.stderr);
// The server decides when its workers end, also when Ctrl-C reaches the whole group.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});

let close = async () => {};

await serveJobs({ input: process.stdin, output: process.stdout }, async () => {
  const pack = await modelPackage(process.env.VOICEFLOW_MODEL ?? 'fast-cnn');
  let model: Model | undefined;
  const native = nodeBackend();
  // One session for recordings, live audio and single windows alike.
  const backend: Backend = {
    name: native.name,
    capabilities: () => native.capabilities(),
    load: async (file, options) => {
      model = await native.load(file, options);
      return model;
    },
  };
  const diarizer = await createDiarizer({ model: pack, backend, workers: 1 });
  close = () => diarizer.close();
  const { manifest } = pack;
  const windows = manifest.pipeline === 'fast-cnn' && model !== undefined ? { model } : {};
  return {
    runner: new JobRunner({ manifest, diarizer, openAudio, ...windows }),
    info: { manifest, backend: native.name },
  };
});

// The server closes the input when it is done with this worker, and so does its death.
process.stdin.once('end', () => {
  void close().finally(() => process.exit(0));
});
