import { describe, expect, it } from 'vitest';
import { Shares } from './shares.ts';

describe('Shares', () => {
  it('gives a single client all places, and several clients equal shares', () => {
    const shares = new Shares();
    for (let i = 0; i < 64; i++) {
      expect(shares.isBeyond('a', 64, i)).toBe(false);
      shares.add('a', 1);
    }
    expect(shares.isBeyond('a', 64, 100)).toBe(false);
    expect(shares.isBeyond('b', 64, 200)).toBe(false);
    // There are two now: a holds 64 of 64, its share is 32.
    expect(shares.isBeyond('a', 64, 300)).toBe(true);
    for (let i = 0; i < 33; i++) shares.add('a', -1);
    expect(shares.isBeyond('a', 64, 400)).toBe(false);
    // The other has asked nothing for long.
    for (let i = 0; i < 33; i++) shares.add('a', 1);
    expect(shares.isBeyond('a', 64, 10_300)).toBe(false);
  });

  it('leaves at least eight places per client, for any number of clients', () => {
    const shares = new Shares();
    for (let i = 0; i < 100; i++) shares.isBeyond(`client ${i}`, 64, 0);
    for (let i = 0; i < 8; i++) {
      expect(shares.isBeyond('a', 64, 1)).toBe(false);
      shares.add('a', 1);
    }
    expect(shares.isBeyond('a', 64, 1)).toBe(true);
  });

  it('does not limit clients without a name', () => {
    const shares = new Shares();
    shares.add(undefined, 1);
    expect(shares.isBeyond(undefined, 0, 0)).toBe(false);
  });
});
