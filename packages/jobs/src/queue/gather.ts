import { DatabaseError } from '../database/database.ts';

/**
 * Calls that come while one is under way are made together, as the next one: under load, many of them cost hardly more
 * than one.
 * @param most Items of one call.
 * @param work Gives one output for each item, in their order. Where the statement of several is refused
 *   (`DatabaseError`), each is tried alone: one that cannot be done must not take the others along. Any other error, such
 *   as that of a database that is away, every caller of the call is told.
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
