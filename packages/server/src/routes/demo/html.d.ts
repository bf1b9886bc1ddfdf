/** Built into a text by tsup (loader `text`). */
declare module '*.html' {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: that is how esbuild's loader exports it
  export default text;
}
