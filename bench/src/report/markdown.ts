import { figures } from '../format.ts';
import type { Block, Chart, Section } from './blocks.ts';

/** The report as Markdown; charts are Mermaid, which GitHub and VitePress draw. */
export function renderMarkdown(title: string, sections: readonly Section[]): string {
  const parts = sections.flatMap((section) => [`## ${section.title}`, ...section.blocks.map(renderBlock)]);
  return `# ${title}\n\nMade by \`npm run bench\`; nothing here is written by hand.\n\n${parts.join('\n\n')}\n`;
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return block.text;
    case 'list':
      return block.items.map((item) => `- ${item}`).join('\n');
    case 'chart':
      return renderChart(block);
    case 'table':
      return markdownTable(block.head, block.rows);
  }
}

/** Mermaid's charts have no legend: the caption names the lines in order. */
function renderChart({ title, x, y, places, series }: Chart): string {
  const quoted = (text: string) => `"${text.replaceAll('"', "'")}"`;
  const lines = series.map(({ values }) => `  line [${values.map(figures).join(', ')}]`);
  const most = Math.max(...series.flatMap(({ values }) => values), 1);
  return [
    '```mermaid',
    'xychart-beta',
    `  title ${quoted(title)}`,
    `  x-axis ${quoted(x)} [${places.map(quoted).join(', ')}]`,
    `  y-axis ${quoted(y)} 0 --> ${Math.ceil(1.1 * most)}`,
    ...lines,
    '```',
    ...(series.length > 1 ? ['', `Lines: ${series.map(({ name }) => name).join(', ')}.`] : []),
  ].join('\n');
}

/** A table with the first column left and the others right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${head.map((_, at) => (at === 0 ? '---' : '--:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
