import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ended, printed } from '../processes.ts';
import { CONVERSATION, start } from './command.ts';

/** A terminal signals the whole process group, and a parent such as npx then passes the signal on. */
it('voiceflow serve answers its requests when a stop signal arrives twice', { timeout: 120_000 }, async () => {
  const child = start(['serve', '--port', '0', '--workers', '1']);
  const end = ended(child);
  const url = await printed(child, /listens on (\S+)/);
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
