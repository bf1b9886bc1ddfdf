/** What this program runs on, such as `bun 1.4.5`. */
export function host() {
  if (globalThis.Deno) return `deno ${globalThis.Deno.version.deno}`;
  if (globalThis.Bun) return `bun ${globalThis.Bun.version}`;
  return `node ${process.versions.node}`;
}

/** The backend of this name, from the built packages, as a user's program would import it. */
export async function backendOf(name) {
  if (name === 'node') return (await import('voiceflow-ml/backends/node')).nodeBackend();
  return (await import('voiceflow-ml/backends/wasm')).wasmBackend();
}
