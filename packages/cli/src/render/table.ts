import { printable } from '../printable.ts';

/**
 * Aligns cells in columns, with two spaces between them.
 * @param right Indices of right-aligned columns.
 */
export function table(
  rows: readonly (readonly string[])[],
  { right = [] }: { readonly right?: readonly number[] } = {},
): string {
  const shown = rows.map((row) => row.map((cell) => printable(cell)));
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, c) => Math.max(...shown.map((row) => (row[c] ?? '').length)));
  return shown
    .map((row) => {
      const cells = widths.map((width, c) => {
        const cell = row[c] ?? '';
        return right.includes(c) ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}
