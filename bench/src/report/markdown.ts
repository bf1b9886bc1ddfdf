import type { Block, Section } from './blocks.ts';

/** The report as Markdown; charts are images of the name that `chartFile` gives. */
export function renderMarkdown(
  title: string,
  sections: readonly Section[],
  chartFile: (name: string) => string,
): string {
  const parts = sections.flatMap((section) => [
    `## ${section.title}`,
    ...section.blocks.map((block) => renderBlock(block, chartFile)),
  ]);
  return `# ${title}\n\nMade by \`npm run bench\`; nothing here is written by hand.\n\n${parts.join('\n\n')}\n`;
}

function renderBlock(block: Block, chartFile: (name: string) => string): string {
  switch (block.kind) {
    case 'text':
      return block.text;
    case 'list':
      return block.items.map((item) => `- ${item}`).join('\n');
    case 'chart':
      return `![${block.name}](${chartFile(block.name)})`;
    case 'table':
      return markdownTable(block.head, block.rows);
  }
}

/** A table with the first column left and the others right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const rule = `|${head.map((_, at) => (at === 0 ? '---' : '--:')).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
