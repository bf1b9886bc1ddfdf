import { text } from '@voiceflow-ml/server/args';

/** What commands on recordings have in common: their words, and which model. */
export const FOLDERS = `FOLDER: audio (.wav; .flac, .opus, .ogg and .mp3 with python3 and soundfile) with NAME.rttm beside NAME.`;
export const MODEL = text(
  'NAME',
  'standard (default), fast-cnn (without the segmenter), a pulled model, or a folder with a manifest.json',
);
