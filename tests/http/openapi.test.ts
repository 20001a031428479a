import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { endpoints } from '../../src/http/contract/index.ts';
import { openApi } from '../../src/http/openapi.ts';
import { listen } from '../../src/http/server.ts';
import { ALL, fresh, freshFolder } from '../support/databases.ts';
import { job } from '../support/engine.ts';
import { openApi as serve } from '../support/api.ts';

type Answer<Data> = Promise<{ data: { success: true; data: Data } }>;

/** What of the generated client is called here. */
interface Generated {
  jobs: {
    enqueueJob(body: object): Answer<{ id: number; created: boolean }>;
    listJobs(query: object): Answer<{ jobs: { id: number; status: string }[] }>;
    showJob(id: number): Answer<{ id: number; type: string }>;
    cancelJob(id: number, body: object): Answer<{ status: string }>;
  };
  queues: { listQueues(): Answer<{ queues: { queue: string }[] }> };
}

describe('the description of the API', () => {
  it.runIf(ALL)('has nothing that a linter finds', async () => {
    const { createConfig, lintFromString } = await import('@redocly/openapi-core');
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: {
        // /jobs/status is as old as its callers, and no number.
        'no-ambiguous-paths': 'off',
        // Anyone may follow a link that was signed.
        'tag-description': 'off',
      },
    });
    const found = await lintFromString({ source: JSON.stringify(openApi('/admin')), config });
    const said = found.map(({ ruleId, message, location }) => [
      ruleId,
      message,
      location[0]?.pointer,
    ]);
    expect(said).toEqual([]);
  });

  it('tells of every endpoint', () => {
    const paths = openApi()['paths'] as Record<string, Record<string, { operationId: string }>>;
    const told = Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    expect(told.toSorted()).toEqual(endpoints.map(({ name }) => name).toSorted());
  });

  it.runIf(ALL)('is enough to generate a client from, which works', async () => {
    const { generateApi } = await import('swagger-typescript-api');
    const {
      app,
      humdrum,
      client: _own,
    } = await serve(await fresh('postgres'), {
      jobs: [job('test.plain', () => null)],
    });
    const server = await listen(app, 0);
    try {
      const folder = await freshFolder();
      const spec = join(folder, 'openapi.json');
      await writeFile(spec, await (await fetch(`${server.url}/api/v1/openapi.json`)).text());
      await generateApi({ fileName: 'client.ts', output: folder, input: spec, silent: true });
      const file = join(folder, 'client.ts');
      expect(await readFile(file, 'utf8')).toContain('interface JobSummary');
      const { Api } = (await import(pathToFileURL(file).href)) as {
        Api: new (options: { baseUrl: string }) => Generated;
      };
      const client = new Api({ baseUrl: `${server.url}/api/v1` });
      const enqueued = await client.jobs.enqueueJob({ type: 'test.plain', input: { a: 1 } });
      const { id } = enqueued.data.data;
      const listed = await client.jobs.listJobs({ status: ['queued'], limit: 5 });
      expect(listed.data.data.jobs).toMatchObject([{ id, status: 'queued' }]);
      expect((await client.jobs.showJob(id)).data.data.type).toBe('test.plain');
      const queues = await client.queues.listQueues();
      expect(queues.data.data.queues.map(({ queue }) => queue)).toContain('default');
      await client.jobs.cancelJob(id, { reason: 'enough' });
      expect((await humdrum.showJob(id)).status).toBe('cancelled');
    } finally {
      await server.close();
    }
  });
});

describe('the page of the documentation', () => {
  it('is made of what this server has, under a policy that allows no other', async () => {
    const { app } = await serve(await fresh('postgres'), {}, { basePath: '/admin' });
    const base = 'http://localhost/admin/api/v1/docs';
    const page = await app.request(base);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).not.toMatch(/https?:/);
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    expect(files).toContain('docs/swagger-ui-bundle.js');
    for (const file of files) {
      const answer = await app.request(new URL(file, base));
      expect(answer.status, file).toBe(200);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
    }
    for (const path of ['package.json', '..%2Fpackage.json', '__proto__', 'constructor']) {
      expect((await app.request(`${base}/${path}`)).status, path).toBe(404);
    }
  });
});
