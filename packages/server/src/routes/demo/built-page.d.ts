/** The page that `buildPage` makes (tsup.config.ts), as text. */
declare module '*?page' {
  export const html: string;
}
