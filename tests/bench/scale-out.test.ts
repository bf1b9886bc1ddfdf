import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { measureScaleOut } from '../../bench/src/scale-out/measure.ts';
import { findNginx, NGINX_CONFIGURATION, withAddresses } from '../../bench/src/scale-out/nginx.ts';

const nginx = findNginx();
const built = existsSync(fileURLToPath(new URL('../../packages/server/dist/node.js', import.meta.url)));
const missing =
  nginx === undefined ? 'nginx is not installed: apt-get install nginx-light' : built ? '' : 'npm run build';

describe('withAddresses', () => {
  it('changes only the addresses of the deployed configuration', async () => {
    const deployed = await readFile(NGINX_CONFIGURATION, 'utf8');
    const replaced = withAddresses(deployed, 9000, [9001, 9002, 9003]);
    expect(replaced.match(/^ *server 127\.0\.0\.1:\d+ .*$/gm)?.map((line) => line.trim())).toEqual(
      [9001, 9002, 9003].map((port) => `server 127.0.0.1:${port} max_fails=2 fail_timeout=2s;`),
    );
    expect(replaced).toContain('listen 127.0.0.1:9000;');
    const without = (text: string) => text.replace(/^.*(server 127|listen).*\n/gm, '');
    expect(without(replaced)).toBe(without(deployed));
    expect(() => withAddresses('http {}', 1, [2])).toThrow(RangeError);
  });
});

describe.skipIf(missing !== '')(`nginx in front of real servers${missing && ` (skipped: ${missing})`}`, () => {
  const common = { nginx: nginx ?? '', concurrency: 8 };

  it('distributes windows over two servers', async () => {
    const result = await measureScaleOut({ ...common, servers: 2, requests: 120, killOne: false });
    expect(result).toMatchObject({ requests: 120, succeeded: 120, failures: {}, retried: 0, killed: false });
    // Both servers answered. How many requests each gets depends on how fast it is just then, so shares are not compared.
    expect(result.spread).toHaveLength(2);
    expect(result.spread.reduce((sum, count) => sum + count, 0)).toBe(120);
    expect(result.throughput).toBeGreaterThan(0);
  });

  it('loses no request when one of four servers is killed under load', async () => {
    const result = await measureScaleOut({ ...common, servers: 4, requests: 200, killOne: true });
    expect(result).toMatchObject({ requests: 200, succeeded: 200, failures: {}, killed: true });
    expect(result.spread).toHaveLength(4);
    // What was under way at the dead server was asked again: not more than all that were under way, twice over.
    expect(result.retried).toBeLessThanOrEqual(2 * common.concurrency);
  });
});
