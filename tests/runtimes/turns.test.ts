import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { modelFolder, shared } from '../recordings/networks.ts';
import { AGAIN, ROOT, runProgram, runtimes } from './runtimes.ts';

/** The same recording gives the same turns everywhere. */

const AUDIO = join(ROOT, 'examples/audio/conversation.wav');
/** Seconds. */
const BOUNDARY_TOLERANCE = 0.01;

interface Answer {
  readonly host: string;
  readonly speakers: readonly string[];
  readonly turns: readonly { readonly start: number; readonly end: number; readonly speaker: string }[];
}

const [host, ...others] = runtimes();

function expectSame(answer: Answer, reference: Answer): void {
  expect(answer.turns.map(({ speaker }) => speaker)).toEqual(reference.turns.map(({ speaker }) => speaker));
  for (const [i, turn] of answer.turns.entries()) {
    expect(Math.abs(turn.start - (reference.turns[i]?.start ?? Number.NaN))).toBeLessThanOrEqual(BOUNDARY_TOLERANCE);
    expect(Math.abs(turn.end - (reference.turns[i]?.end ?? Number.NaN))).toBeLessThanOrEqual(BOUNDARY_TOLERANCE);
  }
}

async function turnsOn(runtime: typeof host, backend: string, folder?: string): Promise<Answer> {
  if (!runtime) throw new Error('no runtime');
  const { stdout, stderr } = await runProgram(runtime, 'turns.mjs', [
    backend,
    AUDIO,
    ...(folder === undefined ? [] : [folder]),
  ]);
  const line = stdout.split('\n').find((one) => one.startsWith('{'));
  if (!line) throw new Error(`${runtime.name} gave no turns: ${stderr}`);
  return JSON.parse(line) as Answer;
}

describe.skipIf(!existsSync(AUDIO))('the demo conversation (examples/audio)', () => {
  let reference: Answer;
  beforeAll(async () => {
    reference = await turnsOn(host, 'node');
  });

  it('has turns to compare', () => {
    expect(reference.turns.length).toBeGreaterThan(10);
    expect(reference.speakers.length).toBeGreaterThan(1);
  });

  const cases = [host, ...others].flatMap((runtime) =>
    ['node', 'wasm'].map((backend) => ({ runtime, backend, title: `${backend} on ${runtime?.name}` })),
  );
  for (const { runtime, backend, title } of cases.slice(1)) {
    it.skipIf(runtime?.missing)(`has the same turns with ${title}`, AGAIN, async () => {
      const answer = await turnsOn(runtime, backend);
      expect(answer.host).toMatch(runtime?.identity ?? /$^/);
      expectSame(answer, reference);
    });
  }
});

const segmentation = shared('models/pyannote/segmentation-3.0.onnx');
const campplus = shared('models/campplus/campplus-zh-en-common.fp16w.onnx');

describe.skipIf(!segmentation || !campplus || !existsSync(AUDIO))('the model accurate', () => {
  let folder = '';
  let reference: Answer;
  beforeAll(async () => {
    folder = await modelFolder('models/accurate/manifest.json', segmentation as string, campplus);
    reference = await turnsOn(host, 'node', folder);
  }, AGAIN.timeout);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  for (const runtime of others.filter(({ name }) => /^(bun|deno)/i.test(name))) {
    it.skipIf(runtime.missing)(`returns the same turns natively on ${runtime.name}`, AGAIN, async () => {
      const answer = await turnsOn(runtime, 'node', folder);
      expect(answer.host).toMatch(runtime.identity);
      expectSame(answer, reference);
    });
  }
});
