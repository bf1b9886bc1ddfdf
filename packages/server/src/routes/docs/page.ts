import type { OpenApi, Operation, Parameter } from './document.ts';

/** The API description as a readable page, without scripts or external resources. */
export function docsPage(api: OpenApi): string {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))];
  const sections = tags.map((tag) => {
    const these = operations.filter(({ operation }) => operation.tags.includes(tag));
    return `<h2>${text(tag)}</h2>${these.map(({ path, method, operation }) => article(path, method, operation)).join('')}`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${text(api.info.title)} API</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${text(api.info.title)} <small>${text(api.info.version)}</small></h1>
<p>${prose(api.info.description)}</p>
<p><a href="openapi.json">openapi.json</a> · <a href="./">demo</a></p>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

const STYLE = `
body{font:1rem/1.5 system-ui,sans-serif;margin:0}
main{max-width:52rem;margin:0 auto;padding:1.5rem}
article{overflow-x:auto;border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1rem}
h3{margin:0;font-size:1rem}
code{font:.9em ui-monospace,monospace}
b{text-transform:uppercase;margin-right:.5rem}
table{border-collapse:collapse;width:100%}
code,td:last-child{overflow-wrap:anywhere}
td,th{text-align:left;vertical-align:top;padding:.2rem .75rem .2rem 0}
@media(max-width:30rem){
main{padding:1rem}
table,tbody{display:block}
th{display:none}
tr{display:flex;flex-wrap:wrap;padding:.2rem 0}
td{padding:0 .75rem 0 0}
td:first-child{min-width:4.5rem}
td:last-child{flex:1 1 9rem}
}
`;

function article(path: string, method: string, operation: Operation): string {
  const responses = Object.entries(operation.responses);
  const body = Object.keys(operation.requestBody?.content ?? {});
  return `<article id="${text(operation.summary)}">
<h3><b>${text(method)}</b><code>${text(path)}</code></h3>
<p>${text(operation.summary)}.${operation.description === undefined ? '' : ` ${prose(operation.description)}`}</p>
${operation.parameters.length === 0 ? '' : `<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>${operation.parameters.map(row).join('')}</table>`}
${body.length === 0 ? '' : `<p>Body: ${body.map((type) => `<code>${text(type)}</code>`).join(', ')}</p>`}
<table><tr><th>Status</th><th>Meaning</th></tr>${responses
    .map(([status, { description }]) => `<tr><td>${text(status)}</td><td>${prose(description)}</td></tr>`)
    .join('')}</table>
</article>`;
}

function row({ name, in: place, description, required }: Parameter): string {
  return `<tr><td><code>${text(name)}</code>${required === true ? ' *' : ''}</td><td>${place}</td><td>${prose(description)}</td></tr>`;
}

/** Text in which backticks mark code. */
function prose(raw: string): string {
  return text(raw).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function text(raw: string): string {
  return raw.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c] ?? '&quot;');
}
