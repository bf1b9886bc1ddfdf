import { DatabaseError } from '../database/database.ts';

/**
 * Batches calls: those made while a batch runs form the next one. Under load, a batch costs hardly more than one call.
 * @param most Most items of a batch.
 * @param work Returns one output for each item, in their order. When it throws a `DatabaseError` for several items,
 *   each is tried alone, so that one invalid item does not fail the others. Any other error, such as of an unavailable
 *   database, rejects all calls of the batch.
 * @param delayMs Delay before the first batch, to collect more items when no caller waits for the result.
 */
export function batched<In, Out>(
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
      await attempt(group).catch(async (error: unknown) => {
        if (error instanceof DatabaseError && group.length > 1) {
          for (const one of group) await attempt([one]).catch(one.reject);
        } else for (const { reject } of group) reject(error);
      });
    }
    busy = false;
  }

  async function attempt(group: readonly Waiting[]): Promise<void> {
    const outs = await work(group.map(({ item }) => item));
    for (const [at, { resolve }] of group.entries()) resolve(outs[at] as Out);
  }

  return (item) =>
    new Promise<Out>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (busy) return;
      busy = true;
      void flush();
    });
}
