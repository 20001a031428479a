import { expect, it } from 'vitest';
import { enqueueJob, listJobs, retryJob, showJob, whyJob } from '../../src/http/contract/jobs.ts';
import type { HumdrumError } from '../../src/index.ts';
import { jsonBody, openApi } from '../support/api.ts';
import { anyBackend } from '../support/databases.ts';
import { job } from '../support/engine.ts';

const mail = job('test.mail', () => ({ sent: true }), { attributes: ['tenant'] });
const broken = job(
  'test.broken',
  () => {
    throw new TypeError('no luck with <b>this</b>');
  },
  { retry: { attempts: 1 }, queue: 'slow' },
);

anyBackend('jobs over HTTP', (fresh) => {
  const open = async () => openApi(await fresh(), { jobs: [mail, broken] });

  it('are enqueued, listed and shown', async () => {
    const { client, humdrum } = await open();
    await humdrum.register();
    const at = new Date('2040-01-01T00:00:00Z');
    const first = await client.call(enqueueJob, {
      body: { type: 'test.mail', input: { tenant: 'acme' }, unique: { key: 'one' } },
    });
    const again = await client.call(enqueueJob, {
      body: { type: 'test.mail', unique: { key: 'one' } },
    });
    const later = await client.call(enqueueJob, { body: { type: 'test.broken', runAt: at } });
    expect(first.created).toBe(true);
    expect(again).toEqual({ id: first.id, created: false });
    const { jobs, next } = await client.call(listJobs);
    expect(jobs.map(({ id }) => id)).toEqual([later.id, first.id]);
    expect(jobs[0]).toMatchObject({ type: 'test.broken', queue: 'slow', runAt: at });
    expect(next).toBeNull();
    const found = await client.call(listJobs, {
      query: { attribute: ['tenant=acme'], status: ['queued', 'failed'], createdTo: at },
    });
    expect(found.jobs.map(({ id }) => id)).toEqual([first.id]);
    const shown = await client.call(showJob, { params: { id: first.id } });
    expect(shown).toMatchObject({
      status: 'queued',
      input: { tenant: 'acme' },
      actions: ['cancel'],
      audit: [{ event: 'created', actor: 'http' }],
    });
    const { why } = await client.call(whyJob, { params: { id: later.id } });
    expect(why).toBe('It is due at 2040-01-01T00:00:00.000Z.');
  });

  it('come in pages, each job once', async () => {
    const { client, humdrum } = await open();
    const ids = await humdrum.enqueueMany(Array.from({ length: 7 }, () => ({ type: mail })));
    const seen: number[] = [];
    let after: string | undefined;
    do {
      const page = await client.call(listJobs, {
        query: { limit: 3, order: 'oldest', ...(after === undefined ? {} : { after }) },
      });
      seen.push(...page.jobs.map(({ id }) => id));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(ids);
  });

  it('are retried and cancelled, with or without a reason', async () => {
    const { client, humdrum, send } = await open();
    const { id } = await humdrum.enqueue(broken);
    await humdrum.drain();
    const retried = await client.call(retryJob, { params: { id }, body: { reason: 'mended' } });
    expect(retried).toEqual({ id, status: 'queued' });
    const cancelled = await send(`/jobs/${id}/cancel`, { method: 'POST' });
    expect(cancelled.body).toEqual({ success: true, data: { id, status: 'cancelled' } });
    const refused = client.call(retryJob, { params: { id }, body: {} });
    await expect(refused).rejects.toThrow(
      expect.objectContaining({ code: 'action-refused' }) as HumdrumError,
    );
    const { audit } = await humdrum.showJob(id);
    expect(audit.slice(-2)).toMatchObject([
      { event: 'retried', actor: 'http', reason: 'mended' },
      { event: 'cancelled', actor: 'http', reason: null },
    ]);
  });

  it('say what is wrong with a question', async () => {
    const { send } = await open();
    const long = 'x'.repeat(600);
    const cases: [path: string, init: RequestInit, status: number, message: string][] = [
      [
        '/jobs?limit=ten',
        {},
        400,
        'Invalid query: limit must be a whole number from 1 to 1,000 (got "ten").',
      ],
      [
        '/jobs?limit=5000',
        {},
        400,
        'Invalid query: limit must be a whole number from 1 to 1,000 (got 5000).',
      ],
      [
        '/jobs?status=done',
        {},
        400,
        'Invalid query: status.0 must be one of queued, running, completed, failed, cancelled (got "done").',
      ],
      [
        '/jobs?stauts=failed',
        {},
        400,
        'it has no field "stauts". Did you mean "status"? It takes id, status,',
      ],
      ['/jobs?createdAfter=2026-01-31', {}, 400, 'Did you mean "createdFrom"?'],
      [
        '/jobs?createdFrom=yesterday',
        {},
        400,
        'createdFrom must be an instant in the years 1 to 9999, such as 2026-01-31T09:00:00Z (got "yesterday").',
      ],
      [`/jobs?after=${long}`, {}, 400, '500 characters (got text of 602 characters).'],
      ['/jobs?after=abc', {}, 400, 'This is not a cursor'],
      [
        '/jobs?attribute=tenant',
        {},
        400,
        'attribute.0 must be a path and a value, such as customer.id=17 (got "tenant").',
      ],
      ['/jobs?attribute=nothing%3D1', {}, 400, 'Cannot filter by `nothing`'],
      ['/jobs/one', {}, 400, 'Invalid path: id must be a whole number'],
      ['/jobs/99', {}, 404, 'There is no job 99.'],
      ['/jobs/99/why', {}, 404, 'There is no job 99.'],
      ['/jobs/99/retry', { method: 'POST' }, 404, 'There is no job 99.'],
      ['/jobs', jsonBody({}), 400, 'Invalid body: type is missing: it must be text.'],
      ['/jobs', jsonBody({ type: 'test.male' }), 404, 'Did you mean "test.mail"?'],
      ['/jobs', jsonBody({ type: 'other' }), 404, 'There is no job type "other".'],
      [
        '/jobs',
        jsonBody({ type: 'test.mail', priority: 2_000 }),
        400,
        'priority must be at most 1,000 (got 2000).',
      ],
      ['/jobs', jsonBody({ type: 'test.mail', input: 'text' }), 422, 'does not match its schema'],
      ['/jobs', { method: 'POST' }, 400, 'Invalid body: it is missing: it must be an object.'],
    ];
    for (const [path, init, status, message] of cases) {
      const answer = await send(path, init);
      expect(answer.status, path).toBe(status);
      expect(answer.body.error?.message, path).toContain(message);
      // Commands are for people at a terminal, and the command line adds them.
      expect(answer.body.error?.message, path).not.toMatch(/humdrum \w+/);
    }
  });
});
