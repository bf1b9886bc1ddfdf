/** The manifest lies outside `src`, beside the weights that it describes. The build bundles it. */
declare module '*/manifest.json' {
  const manifest: unknown;
  // biome-ignore lint/style/noDefaultExport: this is how JSON modules are imported
  export default manifest;
}
