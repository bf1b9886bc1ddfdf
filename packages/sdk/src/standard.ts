import { fastCnn } from '@voiceflow-ml/fast-cnn';
import { segmenter } from '@voiceflow-ml/segmenter';
import type { ModelPackage } from './contract/model.ts';

/**
 * The default model: the Fast CNN, which finds local speakers and their embeddings in one-second windows, and the
 * segmenter, which uses ten-second windows to detect speech.
 */
export const standard: ModelPackage = { ...fastCnn, segmenter };
