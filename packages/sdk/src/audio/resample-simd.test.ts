import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import loadWabt from 'wabt';
import { MODULE } from './resample-simd.ts';

it('contains the module that wabt assembles from the text', async () => {
  const wabt = await loadWabt();
  const text = readFileSync(new URL('./resample-kernel.wat', import.meta.url), 'utf8');
  const { buffer } = wabt.parseWat('resample-kernel.wat', text, { simd: true }).toBinary({});
  expect(Buffer.from(buffer).toString('base64')).toBe(MODULE);
});
