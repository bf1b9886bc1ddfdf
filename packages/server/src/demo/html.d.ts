/** Built into a text by tsup (loader `text`). */
declare module '*.html' {
  const text: string;
  export { text as default };
}
