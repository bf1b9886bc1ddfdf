/** What an import of a `.wasm` file yields with the bundlers of edge workers (wrangler). */
declare const module: WebAssembly.Module;
// biome-ignore lint/style/noDefaultExport: this is how such files are imported
export default module;
