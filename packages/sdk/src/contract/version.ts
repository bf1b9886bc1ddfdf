/**
 * Version of the interfaces that extensions implement: `Backend` with its `Model`s, and `ModelManifest`. It is raised
 * when a change breaks existing implementations.
 */
export const SPEC_VERSION = 1;
