/** Resolves after the event loop has polled for events once more. */
export async function nextLoopTurn(): Promise<void> {
  // The first immediate may run in the current turn, before it polls for events.
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
