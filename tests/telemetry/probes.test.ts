import { describe, expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import type { Identity } from '../../src/http/identity.ts';
import { probes } from '../../src/http/probes.ts';
import { collectMetrics } from '../../src/telemetry/metrics.ts';
import { anyBackend, fresh as freshOn } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const note = job('test.note', () => null);

interface Told {
  status: string;
  checks: Record<string, { ok: boolean; reason?: string }>;
}

async function ask(app: { request: (path: string) => Response | Promise<Response> }, path: string) {
  const answer = await app.request(path);
  return { code: answer.status, told: (await answer.json()) as Told };
}

anyBackend('the probes', (fresh) => {
  it('of a process that runs jobs wait for its worker, and tell when it stops', async () => {
    let letGo = (): void => undefined;
    const going = new Promise<void>((resolve) => (letGo = resolve));
    const linger = job('test.linger', () => going, { atomic: false });
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [linger] });
    const app = probes(humdrum, { expectWorker: true });
    for (const path of ['/readyz', '/startupz']) {
      expect(await ask(app, path)).toEqual({
        code: 503,
        told: {
          status: 'unavailable',
          checks: {
            database: { ok: true },
            migrations: { ok: true },
            worker: { ok: false, reason: 'the worker has not started' },
          },
        },
      });
    }
    expect((await ask(app, '/livez')).code).toBe(200);
    await humdrum.start();
    expect((await ask(app, '/readyz')).code).toBe(200);
    expect((await ask(app, '/startupz')).code).toBe(200);
    await humdrum.enqueue(linger);
    await events.until((log) => log.all.some((e) => e.event === 'jobs-claimed' && e.jobs === 1));
    const stopped = humdrum.stop();
    expect((await ask(app, '/readyz')).told.checks['worker']).toEqual({
      ok: false,
      reason: 'the worker is stopping',
    });
    letGo();
    await stopped;
    expect((await ask(app, '/readyz')).code).toBe(503);
    expect((await ask(app, '/startupz')).code).toBe(200);
  });

  it('of a process that runs none do not', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [note] });
    expect((await ask(probes(humdrum), '/readyz')).code).toBe(200);
  });

  it('say which migrations the database lacks', async () => {
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs: [note] });
    await db.query(`delete from humdrum.migration where name = '0006_statistics.sql'`);
    expect((await ask(probes(humdrum), '/readyz')).told.checks['migrations']).toEqual({
      ok: false,
      reason: 'pending migrations: engine/0006_statistics.sql',
    });
  });

  it('say that the database is gone, and no more of it', async () => {
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs: [note] });
    const app = probes(humdrum);
    await db.close();
    const reason = 'the database cannot be queried';
    expect((await ask(app, '/readyz')).told.checks).toEqual({
      database: { ok: false, reason },
      migrations: { ok: false, reason },
      worker: { ok: true },
    });
    expect((await ask(app, '/livez')).code).toBe(200);
  });
});

describe('a worker that has lost its lease', () => {
  it('is not ready before it has joined again', async () => {
    const db = await freshOn('postgres');
    const worker = { leaseMs: 1_000, pollMs: 20 };
    const { humdrum, events } = await openEngine(db, { jobs: [note], worker });
    const app = probes(humdrum, { expectWorker: true });
    await humdrum.start();
    expect((await ask(app, '/readyz')).code).toBe(200);
    await db.query('alter table humdrum.worker rename to elsewhere');
    await events.until((log) => log.count('lease-lost') === 1);
    expect(await ask(app, '/readyz')).toMatchObject({
      code: 503,
      told: {
        checks: { worker: { ok: false, reason: expect.stringMatching(/has no lease/) as string } },
      },
    });
    expect((await ask(app, '/livez')).code).toBe(200);
    await db.query('alter table humdrum.elsewhere rename to worker');
    await events.until((log) => log.count('worker-started') === 2);
    expect((await ask(app, '/readyz')).code).toBe(200);
  });
});

describe('the metrics of the HTTP API', () => {
  async function openMetrics() {
    const { humdrum } = await openEngine(await freshOn('postgres'), { jobs: [note] });
    const metrics = collectMetrics(humdrum);
    return (known: Identity | null, metricsRole?: 'anyone' | 'admin') => {
      const role = metricsRole === undefined ? {} : { metricsRole };
      return createApp(humdrum, { identify: async () => known, metrics, ...role });
    };
  }
  const viewer: Identity = { actor: 'user:ada', role: 'viewer', ambient: false };

  it('are for viewers, for others, or for anyone, as one says', async () => {
    const appFor = await openMetrics();
    const codeOf = async (app: ReturnType<typeof appFor>) => (await app.request('/metrics')).status;
    expect(await codeOf(appFor(null))).toBe(401);
    expect(await codeOf(appFor(viewer))).toBe(200);
    expect(await codeOf(appFor(viewer, 'admin'))).toBe(403);
    const limitedTo = (scope: string) => appFor({ ...viewer, scopes: [scope] });
    expect(await codeOf(limitedTo('metrics:read'))).toBe(200);
    expect(await codeOf(limitedTo('jobs:read'))).toBe(403);
    expect(await codeOf(appFor(null, 'anyone'))).toBe(200);
  });

  it('are Prometheus text, and the probes need no credentials', async () => {
    const app = (await openMetrics())(null, 'anyone');
    const answer = await app.request('/metrics');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    for (const path of ['/livez', '/readyz', '/startupz']) {
      expect((await app.request(path)).status).toBe(200);
    }
  });
});
