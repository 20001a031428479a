import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Deployment } from 'kubernetes-models/apps/v1';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { Service } from 'kubernetes-models/v1';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { probes } from '../../src/http/probes.ts';
import { collectMetrics } from '../../src/telemetry/metrics.ts';
import { fresh } from '../support/databases.ts';
import { programOrWarning } from '../support/programs.ts';
import { openEngine } from '../support/engine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DEPLOY = join(ROOT, 'deploy');

const analyze = programOrWarning('systemd-analyze');

const textOf = (path: string): string => readFileSync(join(DEPLOY, path), 'utf8');

describe.skipIf(analyze === null)('the systemd unit', () => {
  it('is one that systemd takes, without a warning', () => {
    const unit = join(DEPLOY, 'systemd/humdrum-worker.service');
    const said = spawnSync(analyze ?? '', ['verify', unit]);
    const about = said.stderr.toString().split('\n');
    expect(about.filter((line) => line.includes('humdrum-worker'))).toEqual([]);
  });
});

describe('the image', () => {
  const instructions = textOf('Dockerfile')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => /^[A-Z]+ /.test(line));
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

  it('is made in stages, of what npm installs for production', () => {
    expect(instructions.filter((line) => line.startsWith('FROM ')).length).toBeGreaterThan(1);
    expect(instructions.some((line) => line.includes('npm ci --omit=dev'))).toBe(true);
    expect(last.filter((line) => line.startsWith('RUN '))).toEqual([]);
  });

  it('does not run as root, and says whether it lives', () => {
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    expect(last.filter((line) => line.startsWith('HEALTHCHECK '))).toHaveLength(1);
  });

  it('copies only what is there, and what is not left out', () => {
    const kept = textOf('Dockerfile.dockerignore').match(/^!.*/gm) ?? [];
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(' ').slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    for (const path of copied) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      expect(kept).toContain(`!${path}`);
    }
  });
});

interface Compose {
  services: Record<
    string,
    { build?: { context: string; dockerfile: string }; volumes?: string[]; depends_on?: object }
  >;
  volumes: Record<string, unknown>;
}

describe('the compose file', () => {
  const { services, volumes } = parse(textOf('compose.yml')) as Compose;

  it('names files, volumes and services that there are', () => {
    const { build } = services['worker'] ?? {};
    expect(existsSync(join(DEPLOY, build?.context ?? '', build?.dockerfile ?? ''))).toBe(true);
    const mounted = Object.values(services).flatMap((service) => service.volumes ?? []);
    for (const [from = ''] of mounted.map((volume) => volume.split(':'))) {
      expect(from.startsWith('.') ? existsSync(join(DEPLOY, from)) : from in volumes).toBe(true);
    }
    const needed = Object.values(services).flatMap(({ depends_on: on }) => Object.keys(on ?? {}));
    expect(needed.filter((name) => !(name in services))).toEqual([]);
  });
});

interface Manifest {
  kind: string;
}

interface Probed {
  spec: {
    template: {
      spec: {
        containers: {
          ports: { name: string; containerPort: number }[];
          [probe: `${string}Probe`]: { httpGet: { path: string; port: string } };
        }[];
      };
    };
  };
}

describe('the Kubernetes manifests', () => {
  const manifests = readdirSync(join(DEPLOY, 'kubernetes'))
    .toSorted()
    .flatMap((name) =>
      parseAllDocuments(textOf(`kubernetes/${name}`)).map((one) => one.toJS() as Manifest),
    );
  const models = { Deployment, NetworkPolicy, PodDisruptionBudget, Service };

  it.each(manifests)('$kind fits its schema', (manifest) => {
    const { kind } = manifest;
    expect(Object.keys(models)).toContain(kind);
    const Model = models[kind as keyof typeof models];
    new Model(manifest as never).validate();
  });

  it('a schema refuses what Kubernetes would', () => {
    const broken = structuredClone(manifests.find(({ kind }) => kind === 'Deployment'));
    Object.assign(broken ?? {}, { spec: { replicas: 'two' } });
    expect(() => new Deployment(broken as never).validate()).toThrow(/replicas|selector/);
  });

  it('probe what is served, where it is served', async () => {
    const { humdrum } = await openEngine(await fresh('postgres'), {});
    const app = probes(humdrum, { metrics: collectMetrics(humdrum) });
    const deployment = manifests.find(({ kind }) => kind === 'Deployment') as Manifest & Probed;
    const [container] = deployment.spec.template.spec.containers;
    const [port] = container?.ports ?? [];
    expect(textOf('Dockerfile')).toContain(`HUMDRUM_PROBES=0.0.0.0:${port?.containerPort}`);
    for (const name of ['startupProbe', 'readinessProbe', 'livenessProbe'] as const) {
      const { httpGet } = container?.[name] ?? {};
      expect(httpGet?.port).toBe(port?.name);
      expect((await app.request(httpGet?.path ?? '/nowhere')).status).toBe(200);
    }
  });
});
