/** The page built by `buildPage` (tsup.config.ts), as text. */
declare module '*?page' {
  export const html: string;
}
