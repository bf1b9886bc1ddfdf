import type { ChildProcess } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CONVERSATION, VOICEFLOW } from '../cli/command.ts';
import { printed } from '../processes.ts';
import { runtimes } from '../runtimes/runtimes.ts';
import { NODE_ENTRY, windowBytes } from '../server/harness.ts';
import { noStrace, observe } from './observed.ts';

/**
 * Nothing leaves the machine. onnxruntime-node ≥ 1.29 has telemetry that is on by default: at the first session it
 * writes a device id, a database and a log, then looks its maker's collector up. Without `CI` in the environment, which
 * would silence it, no process of VoiceFlow may do either.
 */
const SDK = fileURLToPath(new URL('programs/sdk.mjs', import.meta.url));
const ALLOWED = { env: { ORT_DISABLE_TELEMETRY: '0' } };
/** Milliseconds within which the runtime, where it is allowed to, has looked its collector up. */
const LINGER = '20000';
const unwatched = noStrace();
const [host, ...others] = runtimes();
const onHost = host?.command ?? [];

const server = [process.execPath, NODE_ENTRY];
async function useServer(child: ChildProcess): Promise<void> {
  const url = await printed(child, /listens on (http[^\s"]+)/);
  const answer = await fetch(`${url}/v1/infer`, { method: 'POST', body: windowBytes() });
  expect(answer.status).toBe(200);
}
const serverOptions = { env: { VOICEFLOW_PORT: '0', VOICEFLOW_WORKERS: '1' }, during: useServer };

describe('telemetry files', () => {
  it('are written by the runtime if its telemetry is enabled, so that this test can detect them', async () => {
    const { stdout, files } = await observe([...onHost, SDK, 'node'], ALLOWED);
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'node' });
    expect(files.join('\n')).toContain('deviceid');
  });

  for (const runtime of [host, ...others]) {
    if (!runtime) continue;
    it.skipIf(runtime.missing)(`are not written by the SDK on ${runtime.name}`, { retry: 1 }, async () => {
      const { stdout, stderr, files } = await observe([...runtime.command, SDK, 'node']);
      expect(JSON.parse(stdout || stderr)).toMatchObject({ backend: 'node' });
      expect(files).toEqual([]);
    });
  }

  for (const runtime of others.filter(({ name }) => name === 'Bun' || name === 'Deno')) {
    it.skipIf(runtime.missing)(`are not written by the SDK in a worker thread on ${runtime.name}`, async () => {
      const { stdout, stderr, files } = await observe([...runtime.command, SDK, 'node', 'thread']);
      expect(JSON.parse(stdout || stderr)).toMatchObject({ backend: 'node' });
      expect(files).toEqual([]);
    });
  }

  it('are not written by `voiceflow diarize`', async () => {
    const { stdout, files } = await observe([process.execPath, VOICEFLOW, 'diarize', CONVERSATION, '--format', 'rttm']);
    expect(stdout).toMatch(/^SPEAKER/);
    expect(files).toEqual([]);
  });

  it('are not written by the server or its workers', async () => {
    expect((await observe(server, serverOptions)).files).toEqual([]);
  });
});

describe('in a worker thread of Node, which cannot set the environment of its process', () => {
  it('the WebAssembly backend is used, and a warning gives the reason', async () => {
    const { stdout, files } = await observe([...onHost, SDK, 'auto', 'thread']);
    const answer = JSON.parse(stdout) as { backend: string; warnings: { code: string; message: string }[] };
    expect(answer.backend).toBe('wasm');
    expect(answer.warnings.find(({ code }) => code === 'backend-fallback')?.message).toContain('telemetry');
    expect(files).toEqual([]);
  });

  it('the native backend is rejected with a hint', async () => {
    const { stdout } = await observe([...onHost, SDK, 'node', 'thread']);
    expect(JSON.parse(stdout)).toMatchObject({ code: 'backend-unavailable', hint: /ORT_DISABLE_TELEMETRY=1/ });
  });

  it.each(['0', '1'])('the native backend runs if ORT_DISABLE_TELEMETRY is %s', async (value) => {
    const env = { ORT_DISABLE_TELEMETRY: value };
    const { stdout, files } = await observe([...onHost, SDK, 'auto', 'thread'], { env });
    expect(JSON.parse(stdout)).toMatchObject({ backend: 'node' });
    expect(files.length > 0).toBe(value === '0');
  });
});

describe.skipIf(unwatched)(`system calls${unwatched ? ` (skipped: ${unwatched})` : ''}`, () => {
  it('resolve the telemetry host if telemetry is enabled, and not by default', async () => {
    const sdk = [...onHost, SDK, 'node', 'here', LINGER];
    const [allowed, silent] = await Promise.all([
      observe(sdk, { strace: true, ...ALLOWED }),
      observe(sdk, { strace: true }),
    ]);
    expect(allowed.reached.length).toBeGreaterThan(0);
    expect(silent.reached).toEqual([]);
    expect(JSON.parse(silent.stdout)).toMatchObject({ backend: 'node' });
  });

  it('of the command and the server use only loopback addresses', async () => {
    const command = [process.execPath, VOICEFLOW, 'diarize', CONVERSATION, '--format', 'rttm'];
    const [diarize, serve] = await Promise.all([
      observe(command, { strace: true }),
      observe(server, { strace: true, ...serverOptions }),
    ]);
    expect(diarize.reached).toEqual([]);
    expect(serve.reached).toEqual([]);
  });
});
