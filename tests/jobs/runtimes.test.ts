import { rmSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runtimes } from '../runtimes/runtimes.ts';
import { killed, type RunningServer, startServer, submit, tally } from './chaos.ts';
import { dataFolder, PATIENCE } from './databases.ts';

/** Jobs on the other runtimes: the server, the embedded database and the folder, killed with jobs queued and running. */

for (const { name, command, missing } of runtimes().filter((each) => /Bun|Deno/.test(each.name))) {
  describe.skipIf(missing !== undefined)(`${name}${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
    it(
      'runs jobs, and loses none when it is killed',
      async () => {
        const data = await dataFolder();
        let server: RunningServer | undefined;
        try {
          const first = await startServer(data, {}, 2, command);
          server = first;
          const begun = performance.now();
          const refusals = new Map<number, number>();
          const ids = await Promise.all(
            Array.from({ length: 12 }, (_, i) => submit(() => first.url, { ms: '200' }, `${i}`, refusals)),
          );
          await killed(first.child);
          const second = await startServer(data, {}, 2, command);
          server = second;
          expect((await tally(() => second.url, ids, begun, refusals)).states).toEqual({ succeeded: 12 });
          const rttm = await fetch(`${second.url}/v1/jobs/${ids[0]}/result?format=rttm`);
          expect(await rttm.text()).toMatch(/^SPEAKER audio 1 0\.000 1\.000/);
        } finally {
          if (server !== undefined) await killed(server.child);
          rmSync(data, { recursive: true, force: true });
        }
      },
      PATIENCE,
    );
  });
}
