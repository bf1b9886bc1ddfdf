import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../machine.ts';
import { freePort, type ManagedProcess, startProcess } from '../managed-process.ts';

/** The nginx configuration for deployment. */
export const NGINX_CONFIGURATION = `${REPOSITORY}deploy/nginx/voiceflow.conf`;

const PLACES = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/nginx/sbin/nginx', '/opt/homebrew/bin/nginx'];

/** Path of nginx; undefined when it is not installed. */
export function findNginx(): string | undefined {
  return PLACES.find((path) => existsSync(path));
}

export interface Balancer extends ManagedProcess {
  readonly url: string;
  /** The content of its access log. */
  log(): Promise<string>;
}

/**
 * The deployment configuration with other addresses.
 * @throws RangeError when there is nothing to replace, because the test would not use the deployment configuration
 * then.
 */
export function withAddresses(configuration: string, port: number, ports: readonly number[]): string {
  const servers = /(?:^( *)server 127\.0\.0\.1:\d+(.*;)\n)+/m.exec(configuration);
  const listen = /^ *listen 8080;$/m;
  if (servers === null || !listen.test(configuration)) {
    throw new RangeError('the nginx configuration has no servers or port to replace');
  }
  const [all, indent, settings] = servers;
  const lines = ports.map((each) => `${indent}server 127.0.0.1:${each}${settings}\n`).join('');
  return configuration.replace(all, lines).replace(listen, `    listen 127.0.0.1:${port};`);
}

/** Starts nginx as an ordinary user with the deployment configuration, in front of servers on loopback. */
export async function startNginx(command: string, ports: readonly number[]): Promise<Balancer> {
  const folder = await mkdtemp(join(tmpdir(), 'voiceflow-nginx-'));
  await mkdir(join(folder, 'logs'));
  const port = await freePort();
  const configuration = withAddresses(await readFile(NGINX_CONFIGURATION, 'utf8'), port, ports);
  // Only root may write to the log folder of the deployment configuration.
  await writeFile(join(folder, 'voiceflow.conf'), configuration.replaceAll('/var/log/nginx', `${folder}/logs`));
  await writeFile(join(folder, 'nginx.conf'), main(folder));
  const url = `http://127.0.0.1:${port}`;
  const nginx = await startProcess({
    command,
    args: ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'logs', 'error.log')],
    readyUrl: `${url}/nginx-health`,
    timeoutMs: 10_000,
  });
  return {
    ...nginx,
    url,
    log: () => readFile(join(folder, 'logs', 'access.log'), 'utf8'),
    async stop(grace) {
      await nginx.stop(grace);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A minimal version of Debian's nginx.conf, with all paths in our own folder. */
function main(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
events { worker_connections 1024; }
http {
    access_log off;
${temporary.map((name) => `    ${name}_temp_path ${folder}/${name};`).join('\n')}
    include ${folder}/voiceflow.conf;
}
`;
}
