import { fastCnn } from '@voiceflow-ml/fast-cnn';
import { segmenter } from '@voiceflow-ml/segmenter';
import type { ModelPackage } from './contract/model.ts';

/** What VoiceFlow uses unless told otherwise: the Fast CNN's windows and voices, and the segmenter's ten seconds to tell speech from all else. */
export const standard: ModelPackage = { ...fastCnn, segmenter };
