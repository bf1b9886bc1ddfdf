/** @module Locates and opens models that were fetched to this machine; creates folders for them. For Node, Bun and Deno. */
export { installedModel, MODEL_NAMES, PULLED_MODELS } from './find.ts';
export { modelFromFolder } from './folder.ts';
export { modelFolder, modelsFolder, voiceflowHome } from './home.ts';
export { makeFolder } from './make-folder.ts';
