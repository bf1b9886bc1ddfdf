import { readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openJobs } from '@voiceflow-ml/jobs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
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
