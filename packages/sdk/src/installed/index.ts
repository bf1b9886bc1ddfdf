/** @module Models that were fetched to this machine: where they lie, and how they are opened. For Node, Bun and Deno. */
export { installedModel, PULLED_MODELS } from './find.ts';
export { modelFromFolder } from './folder.ts';
export { modelFolder, modelsFolder, voiceflowHome } from './home.ts';
