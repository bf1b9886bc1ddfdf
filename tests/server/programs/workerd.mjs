/** The server on workerd, for the route suite. */
import { workerdHandler } from '@voiceflow-ml/server/workerd';
import wasm from './ort.wasm';
import segmenterWeights from './segmenter.bin';
import weights from './weights.bin';

const limits = { bodyBytes: 8 * 1024 * 1024, inferDeadlineMs: 100_000, deadlineMs: 100_000 };

// biome-ignore lint/style/noDefaultExport: what workerd asks for
export default workerdHandler({ wasm, weights, segmenterWeights, limits });
