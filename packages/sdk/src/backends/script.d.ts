/** A module built into one self-contained script (tsup.config.ts), as text. */
declare module '*?script' {
  export const script: string;
}
