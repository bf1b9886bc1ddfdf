import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createApp, type Engine } from '@voiceflow-ml/server';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { LIMIT_RULES } from '../../packages/server/src/limits.ts';

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url));

type Node = { readonly [key: string]: Node } & string & Node[];

function documents(file: string): Node[] {
  return parseAllDocuments(readFileSync(join(DEPLOY, file), 'utf8'), { merge: true }).map((document) => {
    expect(document.errors, file).toEqual([]);
    return document.toJS() as Node;
  });
}

function items(list: Node | undefined): readonly Node[] {
  expect(Array.isArray(list)).toBe(true);
  return list ?? [];
}

function byKind(file: string, kind: string): Node {
  const found = documents(file).find((document) => document.kind === kind);
  if (found === undefined) throw new Error(`${file} has no ${kind}`);
  return found;
}

/** Paths that the server answers, from its own table of routes. */
const none = async () => {
  throw new Error('not asked');
};
const engine: Engine = { info: undefined, ready: false, onChange: () => {}, run: none, open: none, close: none };
const routes = new Set(createApp({ engine, version: '' }).hono.routes.map(({ path }) => path));

describe('Kubernetes', () => {
  const deployment = byKind('kubernetes/deployment.yaml', 'Deployment');
  const pod = deployment.spec?.template?.spec as Node;
  const container = pod.containers?.[0] as Node;

  it('probes existing routes', () => {
    for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
      expect(routes).toContain(container[probe]?.httpGet?.path);
    }
    expect(container.readinessProbe?.httpGet?.path).toBe('/readyz');
    expect(container.livenessProbe?.httpGet?.path).toBe('/healthz');
    expect(routes).toContain(deployment.spec?.template?.metadata?.annotations?.['prometheus.io/path']);
  });

  it('gives a pod the server’s drain time', () => {
    const [, seconds] = items(container.lifecycle?.preStop?.exec?.command);
    const needed = Number(seconds) + LIMIT_RULES.drainMs.default / 1000;
    expect(Number(pod.terminationGracePeriodSeconds)).toBeGreaterThan(needed);
  });

  it('starts one worker per requested core, and requires keys', () => {
    const env = new Map(items(container.env).map((entry) => [String(entry.name), entry]));
    expect(env.get('VOICEFLOW_WORKERS')?.value).toBe(container.resources?.requests?.cpu);
    expect(env.get('VOICEFLOW_API_KEYS')?.valueFrom?.secretKeyRef?.name).toBe('voiceflow-keys');
    expect(env.get('VOICEFLOW_PORT')?.value).toBe(String(container.ports?.[0]?.containerPort));
  });

  it('selects its own pods consistently', () => {
    const labels = deployment.spec?.template?.metadata?.labels;
    expect(deployment.spec?.selector?.matchLabels).toEqual(labels);
    expect(byKind('kubernetes/deployment.yaml', 'Service').spec?.selector).toEqual(labels);
    expect(byKind('kubernetes/deployment.yaml', 'PodDisruptionBudget').spec?.selector?.matchLabels).toEqual(labels);
    expect(deployment.spec?.replicas).toBeUndefined();
  });

  it('scales on a metric that the server exports and the adapter provides', () => {
    const scaler = byKind('kubernetes/autoscaling.yaml', 'HorizontalPodAutoscaler');
    const metric = items(scaler.spec?.metrics).find((each) => each.type === 'Pods')?.pods;
    const name = String(metric?.metric?.name);
    const metrics = fileURLToPath(new URL('../../packages/server/src/metrics/server-metrics.ts', import.meta.url));
    expect(readFileSync(metrics, 'utf8')).toContain(`'${name}'`);
    const rule = items(documents('kubernetes/prometheus-adapter.yaml')[0]?.rules?.custom)[0];
    expect(rule?.name?.as).toBe(name);
    expect(String(rule?.seriesQuery)).toContain(name);
    expect(scaler.spec?.scaleTargetRef?.name).toBe(deployment.metadata?.name);
    // It must scale long before the queue refuses.
    expect(Number(metric?.target?.averageValue)).toBeLessThan(LIMIT_RULES.queueRequests.default / 4);
  });
});

describe('KServe', () => {
  it('uses the health routes of the Open Inference Protocol', () => {
    const container = byKind('kserve/inference-service.yaml', 'InferenceService').spec?.predictor?.containers?.[0];
    expect(container?.name).toBe('kserve-container');
    for (const probe of ['readinessProbe', 'livenessProbe'])
      expect(routes).toContain(container?.[probe]?.httpGet?.path);
  });
});

describe('Traefik', () => {
  it('routes to defined services and middlewares, and checks readiness', () => {
    const { routers, services, middlewares } = (documents('traefik/dynamic.yaml')[0]?.http ?? {}) as Node;
    const entries = Object.keys(documents('traefik/traefik.yaml')[0]?.entryPoints ?? {});
    for (const router of Object.values(routers ?? {}) as Node[]) {
      expect(Object.keys(services ?? {})).toContain(router.service);
      for (const name of router.middlewares === undefined ? [] : items(router.middlewares))
        expect(Object.keys(middlewares ?? {})).toContain(name);
      for (const name of items(router.entryPoints)) expect(entries).toContain(name);
    }
    expect(services?.voiceflow?.loadBalancer?.healthCheck?.path).toBe('/readyz');
    expect(Number(middlewares?.['window-limit']?.buffering?.maxRequestBodyBytes)).toBe(
      LIMIT_RULES.inferBodyBytes.default,
    );
  });
});

describe('compose', () => {
  const compose = documents('compose.yaml')[0] as Node;
  const servers = Object.keys(compose.services ?? {}).filter((name) => name.startsWith('voiceflow-'));

  it('applies the tested nginx configuration to its own servers', () => {
    const folder = mkdtempSync(join(tmpdir(), 'voiceflow-compose-'));
    const target = join(folder, 'default.conf');
    const [, , script] = items(compose.services?.nginx?.command);
    // Compose writes $ as $$. The places inside the container become places here; nginx itself is not started.
    const here = String(script)
      .replaceAll('$$', '$')
      .replace('/etc/nginx/templates/voiceflow.conf.in', join(DEPLOY, 'nginx/voiceflow.conf'))
      .replace('/etc/nginx/conf.d/default.conf', target)
      .replace(/exec nginx.*/, '');
    writeFileSync(join(folder, 'run.sh'), here);
    execFileSync('sh', ['-e', join(folder, 'run.sh')]);
    const lines = readFileSync(target, 'utf8')
      .match(/^ *server [^{\n]*;$/gm)
      ?.map((line) => line.trim());
    expect(lines).toEqual(servers.map((name) => `server ${name}:8080 max_fails=2 fail_timeout=2s;`));
  });

  it('gives servers their drain time, and nginx that of all servers', () => {
    expect(servers).toHaveLength(4);
    for (const name of servers) {
      const seconds = Number.parseInt(String(compose.services?.[name]?.stop_grace_period), 10);
      expect(seconds).toBeGreaterThan(LIMIT_RULES.drainMs.default / 1000);
    }
    expect(compose.services?.nginx?.depends_on).toEqual(servers);
  });
});

describe('containers', () => {
  const pods = {
    Kubernetes: byKind('kubernetes/deployment.yaml', 'Deployment').spec?.template?.spec,
    KServe: byKind('kserve/inference-service.yaml', 'InferenceService').spec?.predictor,
  } as Record<string, Node>;

  it.each(Object.keys(pods))('of %s have no unnecessary privileges', (name) => {
    const pod = pods[name] as Node;
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    for (const container of items(pod.containers)) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) expect(container[probe]).toBeDefined();
    }
  });

  it('of Kubernetes have no outgoing connections', () => {
    const policy = byKind('kubernetes/deployment.yaml', 'NetworkPolicy').spec;
    expect(policy).toMatchObject({ policyTypes: ['Ingress', 'Egress'], egress: [] });
    const deployment = byKind('kubernetes/deployment.yaml', 'Deployment').spec;
    expect(policy?.podSelector?.matchLabels).toEqual(deployment?.selector?.matchLabels);
  });

  it('of compose are read-only, without capabilities or new privileges', () => {
    for (const service of Object.values((documents('compose.yaml')[0] as Node).services ?? {})) {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
  });
});

describe('nginx', () => {
  const conf = readFileSync(join(DEPLOY, 'nginx/voiceflow.conf'), 'utf8');

  it('forwards port and client address, and logs no query', () => {
    expect(conf).toContain('proxy_set_header Host $http_host;');
    expect(conf).toContain('proxy_set_header X-Forwarded-For $remote_addr;');
    expect(conf).toMatch(/access_log \S+ voiceflow;/);
    expect(conf).not.toMatch(/\$(request|request_uri|args|query_string)\b/);
  });
});

describe('deploy', () => {
  it('documents every folder', () => {
    const readme = readFileSync(join(DEPLOY, 'README.md'), 'utf8');
    for (const entry of readdirSync(DEPLOY)) {
      if (entry !== 'README.md' && !entry.endsWith('.dockerignore')) expect(readme).toContain(entry);
    }
  });
});
