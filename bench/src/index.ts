/** @module The measurements of VoiceFlow, as `voiceflow bench` runs them. */
export type { BenchCommand, BenchIo } from './args.ts';
export { benchCommands, runBench } from './run.ts';
