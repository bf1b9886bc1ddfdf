/** The manifest lies outside `src`, beside the weights that it describes; the build takes it in. */
declare module '*/manifest.json' {
  const manifest: unknown;
  // biome-ignore lint/style/noDefaultExport: this is how JSON modules are imported
  export default manifest;
}
