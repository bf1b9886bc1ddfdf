import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CONVERSATION, ended, start } from './command.ts';

/** A terminal signals the whole process group, and a parent such as npx then passes the signal on. */
it('voiceflow serve answers its requests when a stop signal arrives twice', { timeout: 120_000 }, async () => {
  const child = start(['serve', '--port', '0', '--workers', '1']);
  const end = ended(child);
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (text: string) => {
      const address = /listens on (\S+)/.exec(text)?.[1];
      if (address !== undefined) resolve(address);
    });
    void end.then(({ stderr }) => reject(new Error(stderr)));
  });
  const response = await fetch(`${url}/v1/diarize`, {
    method: 'POST',
    headers: { accept: 'text/event-stream' },
    body: readFileSync(CONVERSATION),
  });
  // Two different signals, because the system may deliver two equal ones as one.
  child.kill('SIGINT');
  child.kill('SIGTERM');
  expect(await response.text()).toContain('event: result\n');
  expect(await end).toMatchObject({ code: 0, signal: null });
});
