import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { freePort } from '../../bench/src/managed-process.ts';
import { ROOT, type Runtime } from './runtimes.ts';

/** A program of `programs/`, bundled as Cloudflare's tools would, behind HTTP on workerd. */
export interface WorkerdServer {
  readonly url: string;
  stop(): Promise<void>;
}

const CONFIG = (port: number) => `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")]
);
const main :Workerd.Worker = (
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "ort.wasm", wasm = embed "ort.wasm"),
    (name = "codecs.wasm", wasm = embed "codecs.wasm"),
    (name = "weights.bin", data = embed "weights.bin"),
    (name = "segmenter.bin", data = embed "segmenter.bin")
  ],
  compatibilityDate = "2026-04-01"
);
`;

export async function startWorkerd(runtime: Runtime, program: string): Promise<WorkerdServer> {
  const folder = mkdtempSync(join(tmpdir(), 'voiceflow-workerd-'));
  await build({
    entryPoints: [join(ROOT, 'tests/runtimes/programs', program)],
    outfile: join(folder, 'worker.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['*.wasm', '*.bin', 'module', 'worker_threads', 'node:*'],
    logLevel: 'silent',
  });
  copyFileSync(join(ROOT, 'node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'), join(folder, 'ort.wasm'));
  copyFileSync(join(ROOT, 'models/fast-cnn/fast-cnn.onnx'), join(folder, 'weights.bin'));
  copyFileSync(join(ROOT, 'models/segmenter/segmenter.onnx'), join(folder, 'segmenter.bin'));
  copyFileSync(join(ROOT, 'packages/codecs/voiceflow-codecs.wasm'), join(folder, 'codecs.wasm'));
  const port = await freePort();
  writeFileSync(join(folder, 'config.capnp'), CONFIG(port));
  const [command = ''] = runtime.command;
  const child = spawn(command, ['serve', 'config.capnp'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const url = `http://127.0.0.1:${port}`;
  await untilListening(child, `${url}/bare`);
  return {
    url,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilListening(child: ChildProcess, url: string): Promise<void> {
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  while (child.exitCode === null) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer) return;
    await sleep(100);
  }
  throw new Error(`workerd ended with ${child.exitCode}: ${said}`);
}
