/** @module The measurements of VoiceFlow, as `npm run bench --` runs them. */
export { type AccuracyOptions, accuracy, type FileAccuracy, type FolderAccuracy } from './accuracy/accuracy.ts';
export type { BenchCommand, BenchIo } from './args.ts';
export { benchCommands, runBench } from './run.ts';
