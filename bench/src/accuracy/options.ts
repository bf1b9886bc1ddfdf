import { text } from '@voiceflow-ml/server/args';

/** Help texts and options shared by the commands on recordings. */
export const FOLDERS = `FOLDER: audio (.wav; .flac, .opus, .ogg and .mp3 with python3 and soundfile) with NAME.rttm beside NAME.`;
export const MODEL = text(
  'NAME',
  'standard (default), fast-cnn (without the segmenter), a pulled model, or a folder with a manifest.json',
);
