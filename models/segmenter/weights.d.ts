/** What bundlers of edge workers (wrangler with a rule of type Data) make of the import of the weights. */
declare const weights: ArrayBuffer;
// biome-ignore lint/style/noDefaultExport: this is how such files are imported
export default weights;
