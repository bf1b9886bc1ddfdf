/**
 * Calls that come while one is under way are made together, as the next one: under load, many of them cost hardly more
 * than one.
 * @param most Items of one call.
 * @param work Gives one output for each item, in their order. What it throws, every caller of the call is told.
 * @param delayMs Waits so long for company, for what nobody waits for.
 */
export function gathered<In, Out>(
  most: number,
  work: (items: readonly In[]) => Promise<readonly Out[]>,
  delayMs = 0,
): (item: In) => Promise<Out> {
  interface Waiting {
    readonly item: In;
    resolve(out: Out): void;
    reject(error: unknown): void;
  }
  let waiting: Waiting[] = [];
  let busy = false;

  async function flush(): Promise<void> {
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    while (waiting.length > 0) {
      const group = waiting.slice(0, most);
      waiting = waiting.slice(most);
      try {
        const outs = await work(group.map(({ item }) => item));
        for (const [at, { resolve }] of group.entries()) resolve(outs[at] as Out);
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    busy = false;
  }

  return (item) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (busy) return;
      busy = true;
      void flush();
    });
}
