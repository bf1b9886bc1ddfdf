import { text } from '@voiceflow-ml/server/args';

/** Help texts and options shared by the commands on recordings. */
export const FOLDERS = `FOLDER: recordings (.wav; .flac, .opus, .ogg and .mp3 need python3 and soundfile), each with NAME.rttm beside it.`;
export const MODEL = text(
  'NAME',
  'standard (default), fast-cnn (without the segmenter), a pulled model, or a folder with a manifest.json',
);
