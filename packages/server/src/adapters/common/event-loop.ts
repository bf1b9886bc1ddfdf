/** Resolves when the event loop has looked for events once more. */
export async function turnOfTheLoop(): Promise<void> {
  // The first immediate may come in this very turn, before its look for events.
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
