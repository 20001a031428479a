import { expect, it } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { identifyLocal } from '../../src/http/loopback.ts';
import { listen } from '../../src/http/server.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const hello = job('test.hello', () => null);
const broken = job(
  'test.broken',
  () => {
    throw new Error('as expected');
  },
  { retry: { attempts: 1 } },
);

anyBackend('the HTTP API', (fresh) => {
  async function open() {
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [hello, broken] });
    const app = createApp(humdrum, { identify: identifyLocal });
    const get = async (path: string) => (await app.request(path)).json();
    return { humdrum, events, app, get };
  }

  it('tells status and history in the shapes of its source', async () => {
    const { humdrum, get } = await open();
    await humdrum.run(hello);
    await humdrum.run(broken);
    const execution = {
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      completedAt: expect.stringMatching(/Z$/) as string,
      durationMs: expect.any(Number) as number,
    };
    const recentExecutions = [
      { name: 'test.broken', success: false, error: 'as expected', ...execution },
      { name: 'test.hello', success: true, ...execution },
    ];
    expect(await get('/api/v1/jobs/status')).toEqual({
      success: true,
      data: {
        stats: {
          totalExecutions: 2,
          successfulExecutions: 1,
          failedExecutions: 1,
          successRate: 50,
        },
        recentExecutions,
      },
    });
    expect(await get('/api/v1/jobs/history')).toEqual({
      success: true,
      data: { executions: recentExecutions, count: 2 },
    });
    await humdrum.run('humdrum.seal-audit');
    expect(await get('/api/v1/jobs/history')).toMatchObject({ data: { count: 2 } });
    const all = [{ name: 'humdrum.seal-audit' }, ...recentExecutions];
    expect(await get('/api/v1/jobs/history?system=true')).toMatchObject({
      data: { executions: all, count: 3 },
    });
    expect(await get('/api/v1/jobs/status?system=true')).toMatchObject({
      data: { stats: { totalExecutions: 3 }, recentExecutions: all },
    });
    expect(await get('/api/v1/jobs/history?limit=1')).toMatchObject({ data: { count: 1 } });
    expect(await get('/api/v1/jobs/history?limit=1000000')).toMatchObject({ success: true });
  });

  it('triggers a job, which a worker runs', async () => {
    const { humdrum, events, app } = await open();
    const answer = await app.request('/api/v1/jobs/trigger/test.hello', { method: 'POST' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      success: true,
      message: "Job 'test.hello' triggered successfully",
    });
    await humdrum.start();
    await events.settled(1);
    expect(await humdrum.getStats()).toMatchObject({ successfulExecutions: 1 });
  });

  it.each([
    [
      'GET',
      '/api/v1/jobs/history?limit=ten',
      400,
      'request-invalid',
      /Invalid query: limit must be a whole number .* \(got "ten"\)/,
    ],
    ['GET', '/api/v1/jobs/history?limit=-1', 400, 'request-invalid', /limit/],
    ['POST', '/api/v1/jobs/trigger/test.helo', 404, 'type-unknown', /Did you mean "test\.hello"/],
    ['GET', '/api/v1/jobs/trigger/test.hello', 404, 'not-found', /There is no GET/],
    ['GET', '/nowhere', 404, 'not-found', /There is no GET \/nowhere/],
  ])('%s %s is answered %i %s', async (method, path, status, code, message) => {
    const { app, humdrum } = await open();
    const answer = await app.request(path, { method });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({
      success: false,
      error: { code, message: expect.stringMatching(message) as string },
    });
    expect(await humdrum.listJobs()).toEqual([]);
  });

  it('refuses bodies that are no input, and pages of other sites', async () => {
    const { app, humdrum } = await open();
    const post = (init: RequestInit) =>
      app.request('/api/v1/jobs/trigger/test.hello', { method: 'POST', ...init });
    const headers = { 'content-type': 'application/json' };
    expect((await post({ headers, body: '{"half' })).status).toBe(400);
    expect((await post({ headers, body: '"text"' })).status).toBe(422);
    expect((await post({ body: '{}' })).status).toBe(415);
    expect((await post({ headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    expect((await post({ headers: { origin: 'https://evil.example' } })).status).toBe(403);
    expect((await post({ headers: { host: 'evil.example' } })).status).toBe(403);
    expect(await humdrum.listJobs()).toEqual([]);
    expect((await post({ headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200);
  });

  it('says whether it lives and is ready, over a real socket on loopback', async () => {
    const { app, humdrum } = await open();
    const server = await listen(app, 0);
    try {
      expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
      expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
      await humdrum.database.close();
      expect((await fetch(`${server.url}/livez`)).status).toBe(200);
      expect((await fetch(`${server.url}/readyz`)).status).toBe(503);
    } finally {
      await server.close();
    }
  });
});
