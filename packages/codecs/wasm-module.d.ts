/** What bundlers of edge workers (wrangler) make of the import of a `.wasm` file. */
declare const module: WebAssembly.Module;
// biome-ignore lint/style/noDefaultExport: this is how such files are imported
export default module;
