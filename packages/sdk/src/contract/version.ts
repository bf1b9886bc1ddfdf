/**
 * The version of the contract between VoiceFlow and what others write for it: `Backend` with its `Model`s, and
 * `ModelManifest`. It changes when something that fulfils it today would not any more.
 */
export const SPEC_VERSION = 1;
