import { describe, expect, it } from 'vitest';
import { SharedSlots, SLOT_BYTES } from './shared-slots.ts';

const present = SharedSlots.create(1) !== undefined;

describe.skipIf(!present)('SharedSlots (skipped where there is no /dev/shm)', () => {
  it('assigns each body its own slot, unless none is free or the body is too large', () => {
    const slots = SharedSlots.create(2);
    if (slots === undefined) throw new Error('no shared memory');
    const body = new Uint8Array(1000);
    const first = slots.write([body], 1000);
    const second = slots.write([body.subarray(0, 10), body.subarray(0, 5)], 15);
    expect(new Set([first, second])).toEqual(new Set([0, 1]));
    expect(slots.write([body], 1000)).toBeUndefined();
    slots.release(first);
    slots.release(undefined);
    expect(slots.write([new Uint8Array(SLOT_BYTES + 1)], SLOT_BYTES + 1)).toBeUndefined();
    expect(slots.write([], 0)).toBeUndefined();
    expect(slots.write([body], 1000)).toBe(first);
    slots.close();
  });
});
