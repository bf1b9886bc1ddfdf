import { describe, expect, it } from 'vitest';
import { counts, figures, ms, percent, summaryLine } from './format.ts';

describe('format', () => {
  it('shows three significant figures', () => {
    expect([0, 0.01234, 1.234, 12.34, 123.4, 1234.5].map(figures)).toEqual([
      '0',
      '0.012',
      '1.23',
      '12.3',
      '123',
      '1235',
    ]);
    expect([ms(9.87), ms(undefined), summaryLine(undefined)]).toEqual(['9.87 ms', '–', 'no samples']);
  });

  it('shows all nines of a success rate, and no additional digits elsewhere', () => {
    const shares = [0, 0.25, 0.1234, 0.99, 0.99951, 1, 2.39323];
    expect(shares.map(percent)).toEqual(['0 %', '25 %', '12.3 %', '99 %', '99.951 %', '100 %', '239.3 %']);
  });

  it('lists counts', () => {
    expect([counts({ 'http-503': 4, reset: 1 }), counts({})]).toEqual(['http-503 4, reset 1', '']);
  });
});
