import { expect, it } from 'vitest';
import { assembleKernel } from './fixtures/kernel-module.ts';
import { MODULE } from './resample-simd.ts';

it('holds the module that the assembler makes', () => {
  expect(MODULE).toBe(Buffer.from(assembleKernel()).toString('base64'));
});
