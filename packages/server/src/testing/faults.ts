import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import type { TaskReply } from '../engine/engine.ts';
import { recordRun } from '../engine/processes/run-record.ts';
import type { Runner } from '../engine/processes/serve-tasks.ts';

export type Fault = 'throw' | 'hang' | 'exit' | 'crash';

/**
 * Fails on purpose: throws an error that is not a `VoiceFlowError`, blocks forever, or dies (`crash`: like a crash in
 * native code).
 */
function commit(fault: Fault): never {
  if (fault === 'exit') process.kill(process.pid, 'SIGKILL');
  if (fault === 'crash') process.kill(process.pid, 'SIGSEGV');
  // Blocks even timers, like a native call that never returns.
  while (fault !== 'throw') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
  throw new Error('a fault of the test');
}

/** A runner that commits the next of the faults during a task, every `everyMs` milliseconds. */
export function withFaults(runner: Runner, faults: readonly Fault[], everyMs: number): Runner {
  let next = performance.now() + everyMs;
  let turn = process.pid;
  return {
    open: (request, emit) => runner.open(request, emit),
    run: (task, body, context) => {
      if (performance.now() < next) return runner.run(task, body, context);
      next = performance.now() + everyMs;
      return commit(faults[turn++ % faults.length] ?? 'throw');
    },
  };
}

/** The parameters of the toy runner in a recording that is a file: its content is JSON. */
function orders(file: string): Readonly<Record<string, string>> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Audio that begins with this byte makes the toy runner hang. */
const HANGING = 255;

/**
 * A runner without a model. It responds with facts about its input and obeys a task's parameters: `fault`; `once` (path
 * of a file that records that the fault was committed); `answer` (length of the response in bytes); `ms` (milliseconds
 * per step; stops on the signal unless `ignoreAbort`); `steps` (number of steps, with progress for each).
 */
export const toyRunner: Runner = {
  open: (request, emit) => {
    emit({ type: 'speaker', speaker: 'SPEAKER_00' });
    let bytes = 0;
    return {
      push: async (chunk) => {
        if (chunk[0] === HANGING) commit('hang');
        bytes += chunk.length;
      },
      end: () =>
        emit({ type: 'end', result: { bytes, encoding: request.encoding, known: request.known?.length ?? 0 } }),
      close: () => {},
    };
  },
  run: async (task, body, { signal, onProgress }): Promise<TaskReply> => {
    recordRun(signal);
    const {
      fault,
      once,
      ms,
      ignoreAbort,
      answer,
      steps = '1',
    } = task.file === undefined ? task.params : orders(task.file);
    if (fault !== undefined && (once === undefined || !existsSync(once))) {
      if (once !== undefined) writeFileSync(once, '');
      commit(fault as Fault);
    }
    for (let step = 1; step <= Number(steps); step++) {
      onProgress?.({ stage: 'model', done: step, total: Number(steps) + 1 });
      if (ms === undefined) continue;
      await new Promise<void>((resolve, reject) => {
        setTimeout(resolve, Number(ms));
        if (ignoreAbort === undefined) signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    }
    if (answer !== undefined) {
      const bytes = new Uint8Array(Number(answer));
      return { contentType: 'application/octet-stream', body: bytes, timings: {}, audioSeconds: 1 };
    }
    const sum = body.reduce((total, byte) => (total + byte) % 65_521, 0);
    const turns = [{ start: 0, end: 1, speaker: 'SPEAKER_00' }];
    const speakers = [{ label: 'SPEAKER_00', seconds: 1, embedding: [1, 0] }];
    const model = { id: 'toy', version: '1', space: 'toy' };
    const result = { duration: 1, turns, speakers, model, backend: 'toy', warnings: [], timings: {} };
    const text = JSON.stringify({
      ...(task.file === undefined ? {} : result),
      ...{ bytes: body.length, sum, pid: process.pid, kind: task.kind },
    });
    return {
      contentType: 'application/json',
      body: new TextEncoder().encode(text),
      timings: { model: 1 },
      audioSeconds: 1,
    };
  },
};
