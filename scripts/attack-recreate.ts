/**
 * Measures memory over many cycles of create, use and close. Each kind runs in its own process:
 *
 *   npm run attack -- recreate [CYCLES]
 *   node --expose-gc --import tsx scripts/attack-recreate.ts threads|in-process|wasm|pool [CYCLES]
 */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type Backend, createDiarizer, wasmBackend } from 'voiceflow-ml';
import { nodeBackend } from 'voiceflow-ml/backends/node';
import { slope } from '../bench/src/stats/summary.ts';
import { TOY } from '../tests/server/harness.ts';

const KINDS = ['threads', 'in-process', 'wasm', 'pool'] as const;
const SELF = fileURLToPath(import.meta.url);
const samples = Float32Array.from({ length: 3 * 16_000 }, (_, i) => Math.sin(i / (20 + ((i >> 12) % 9))) * 0.3);

async function diarizerCycle(backend: () => Backend): Promise<void> {
  const diarizer = await createDiarizer({ backend: backend() });
  await diarizer.diarize({ samples, sampleRate: 16_000 });
  await diarizer.close();
}

async function poolCycle(): Promise<void> {
  const { serveNode } = await import('../packages/server/dist/node.js');
  const server = await serveNode({ port: 0, workers: 1, command: TOY, log: () => {} });
  await (await fetch(`${server.url}/v1/infer`, { method: 'POST', body: 'x' })).arrayBuffer();
  await server.close();
}

const cycles: Readonly<Record<(typeof KINDS)[number], () => Promise<void>>> = {
  threads: () => diarizerCycle(() => nodeBackend()),
  'in-process': () => diarizerCycle(() => nodeBackend({ mode: 'in-process' })),
  wasm: () => diarizerCycle(() => wasmBackend()),
  pool: poolCycle,
};

async function measure(kind: (typeof KINDS)[number], count: number): Promise<void> {
  const rss: number[] = [];
  for (let i = 0; i < count; i++) {
    await cycles[kind]();
    globalThis.gc?.();
    rss.push(process.memoryUsage.rss() / 2 ** 20);
  }
  // The first half is the runtime's warm-up.
  const half = rss.slice(count >> 1);
  const growth = slope([...half.keys()], half);
  const at = (share: number) => (rss[Math.min(count - 1, Math.floor(count * share))] ?? 0).toFixed(0);
  console.log(`| ${kind} | ${count} | ${[0.05, 0.25, 0.5, 0.75, 1].map(at).join(', ')} MB | ${growth.toFixed(3)} MB |`);
}

/** Measures all kinds, one after the other. */
export async function recreate(count: number): Promise<void> {
  console.log('| create, use, close | cycles | resident at 5, 25, 50, 75, 100 % | growth per cycle, second half |');
  console.log('|---|---|---|---|');
  for (const kind of KINDS) {
    const args = ['--expose-gc', '--import', 'tsx', SELF, kind, String(count)];
    const child = spawn(process.execPath, args, { stdio: 'inherit' });
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

const [, script = '', kind, count] = process.argv;
if (script === SELF) {
  await measure(kind as (typeof KINDS)[number], Number(count ?? 200));
  process.exit(0);
}
