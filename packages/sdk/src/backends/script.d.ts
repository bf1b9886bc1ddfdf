/** A module bundled into one self-contained script (tsup.config.ts), as a string. */
declare module '*?script' {
  export const script: string;
}
