import { escapeXml } from '../charts/svg.ts';
import type { Block, Section } from './blocks.ts';

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;background:light-dark(#fff,#16181c);color:light-dark(#222,#ddd)}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.2rem}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.85rem;font-variant-numeric:tabular-nums}
td,th{padding:.25rem .7rem;border-bottom:1px solid light-dark(#ddd,#3a3d42);text-align:right;font-weight:normal}
th{font-weight:600}td:first-child,th:first-child{text-align:left;padding-left:0}
td.prose{text-align:left}
.missed{color:light-dark(#b3261e,#ff8a80);font-weight:600}.kept{color:light-dark(#157f5b,#4fd1a1)}
svg{max-width:40rem;width:100%;height:auto}code{font-size:.9em}`;

/** The report as one HTML file that needs nothing else: charts inline, light and dark. */
export function renderHtml(title: string, sections: readonly Section[], charts: ReadonlyMap<string, string>): string {
  const body = sections
    .map(({ title: heading, blocks }) => {
      const inner = blocks.map((block) => renderBlock(block, charts)).join('\n');
      return `<section><h2>${escapeXml(heading)}</h2>\n${inner}</section>`;
    })
    .join('\n');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeXml(title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeXml(title)}</h1><p>Made by <code>npm run bench</code>; nothing here is written by hand.</p>
${body}
</body></html>
`;
}

function renderBlock(block: Block, charts: ReadonlyMap<string, string>): string {
  switch (block.kind) {
    case 'text':
      return `<p>${inline(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`;
    case 'chart':
      return charts.get(block.name) ?? '';
    case 'table': {
      const head = block.head.map((cell) => `<th scope="col">${escapeXml(cell)}</th>`).join('');
      const rows = block.rows.map((row) => `<tr>${row.map(cellHtml).join('')}</tr>`).join('\n');
      return `<div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
    }
  }
}

/** Cells longer than any figure are sentences, and read from the left. */
const PROSE = 24;

function cellHtml(cell: string): string {
  const mark =
    cell === 'MISSED' || cell === 'WORSE' ? 'missed' : cell === 'kept' || cell === 'better' ? 'kept' : undefined;
  const kind = mark ?? (cell.length > PROSE ? 'prose' : undefined);
  return `<td${kind === undefined ? '' : ` class="${kind}"`}>${inline(cell)}</td>`;
}

/** The two marks that texts use: bold and code. */
function inline(text: string): string {
  return escapeXml(text)
    .replace(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')
    .replace(/`(.+?)`/g, '<code>$1</code>');
}
