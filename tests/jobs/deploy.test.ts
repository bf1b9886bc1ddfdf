import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openJobs } from '@voiceflow-ml/jobs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { memoryNeeded } from '../../packages/server/src/adapters/common/memory.ts';
import { resolveOptions } from '../../packages/server/src/adapters/common/options.ts';
import { LIMIT_RULES } from '../../packages/server/src/limits.ts';
import { dataFolder, testOptions } from './databases.ts';

const file = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const documents = (path: string) =>
  parseAllDocuments(file(path), { merge: true }).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
const PROGRAM = /packages\/server\/dist\/(main-[\w-]+)\.js/;
const DRAIN_SECONDS = LIMIT_RULES.drainMs.default / 1000;

it('scales workers by a valid database query', async () => {
  const [deployment, scaled, authentication] = documents('deploy/kubernetes/jobs.yaml');
  expect(scaled.spec.scaleTargetRef.name).toBe(deployment.metadata.name);
  const [trigger] = scaled.spec.triggers;
  expect(trigger.authenticationRef.name).toBe(authentication.metadata.name);
  const data = await dataFolder();
  const { db } = await openJobs(testOptions({ data }));
  try {
    expect(await db.query(trigger.metadata.query)).toEqual([{ count: 0 }]);
  } finally {
    await db.close();
    rmSync(data, { recursive: true, force: true });
  }
});

it('mounts the volume of the audio where the image has a folder of its own user', () => {
  const { services } = documents('deploy/compose-jobs.yaml')[0];
  for (const { volumes, environment } of [services.server, services.worker]) {
    expect(volumes).toEqual([`audio:${environment.VOICEFLOW_DATA}`]);
    const dockerfile = file('deploy/Dockerfile');
    expect(dockerfile).toMatch(
      new RegExp(`^RUN install -d -o node -g node -m 700 ${environment.VOICEFLOW_DATA}$`, 'm'),
    );
    expect(dockerfile.split('\n').filter((line) => /^USER /.test(line))).toEqual(['USER node']);
  }
});

it('grants the server of compose the memory that it may use', () => {
  const { environment, mem_limit: limit } = documents('deploy/compose-jobs.yaml')[0].services.server;
  expect(limit).toBe('2g');
  const options = resolveOptions({ workers: Number(environment.VOICEFLOW_WORKERS) }, {}, 64);
  expect(memoryNeeded(options)).toBeLessThan(2 * 2 ** 30);
});

it('allows servers in Kubernetes that take jobs to connect to the database', () => {
  const policy = documents('deploy/kubernetes/jobs.yaml').find(({ kind }) => kind === 'NetworkPolicy');
  const [server] = documents('deploy/kubernetes/deployment.yaml');
  expect(policy.spec).toEqual({
    podSelector: { matchLabels: server.spec.selector.matchLabels },
    policyTypes: ['Egress'],
    egress: [{}],
  });
});

it('names files in the commands of its comments that kubectl can apply', () => {
  const [, command = ''] = /^# (kubectl apply .*)$/m.exec(file('deploy/kubernetes/deployment.yaml')) ?? [];
  const files = [...command.matchAll(/-f (\S+)/g)].map(([, path = '']) => path);
  expect(files.length).toBeGreaterThan(0);
  for (const path of files)
    for (const document of documents(path)) expect(document).toMatchObject({ apiVersion: expect.any(String) });
});

it('starts existing programs, and gives them their drain time', () => {
  const [{ spec }] = documents('deploy/kubernetes/jobs.yaml');
  const { services } = documents('deploy/compose-jobs.yaml')[0];
  for (const command of [spec.template.spec.containers[0].command, services.worker.command]) {
    const [, program] = PROGRAM.exec(command.join(' ')) ?? [];
    expect(file('tsup.config.ts')).toContain(`'${program}':`);
  }
  expect(spec.template.spec.terminationGracePeriodSeconds).toBeGreaterThan(DRAIN_SECONDS);
  expect(Number.parseInt(services.worker.stop_grace_period, 10)).toBeGreaterThan(DRAIN_SECONDS);
  expect(services.worker.deploy.replicas).toBe(2);
  for (const name of ['server', 'worker'])
    expect(services[name].environment.VOICEFLOW_DATABASE_URL).toMatch(/^postgres:.*@postgres:/);
});
