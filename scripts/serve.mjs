/**
 * `npm run serve` and `bun run serve`: sets up, then starts the server on the runtime that ran the script.
 *
 *   npm run serve -- --port 9000        bun run serve --port 9000
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'packages/server/dist');

const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/setup.mjs')], { cwd: ROOT, stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);

// `bun run` starts this with Node too, because the script says node; the user agent reveals Bun.
const onBun = process.env.npm_config_user_agent?.startsWith('bun/') === true;
const [command, flags, entry] = onBun
  ? [process.env.npm_execpath ?? 'bun', [], 'main-bun.js']
  : [process.execPath, (await import(pathToFileURL(join(DIST, 'node.js')).href)).SERVER_FLAGS, 'main-node.js'];
const server = spawn(command, [...flags, join(DIST, entry), ...process.argv.slice(2)], { stdio: 'inherit' });
// Ctrl-C reaches the server directly. A supervisor's signal reaches only this process and must be forwarded.
process.on('SIGTERM', () => server.kill('SIGTERM'));
process.on('SIGINT', () => {});
server.on('exit', (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
server.on('error', (error) => {
  console.error(`the server could not be started: ${error.message}`);
  process.exit(1);
});
