/** What an import of the weights yields with the bundlers of edge workers (wrangler with a rule of type Data). */
declare const weights: ArrayBuffer;
// biome-ignore lint/style/noDefaultExport: this is how such files are imported
export default weights;
