import { expect, it } from 'vitest';
import { z } from 'zod';
import { actOnBulk, previewBulk } from '../../src/http/contract/bulk.ts';
import { jobQuery, toParams } from '../../src/http/contract/job-query.ts';
import { listJobs } from '../../src/http/contract/jobs.ts';
import { jsonBody, openApi } from '../support/api.ts';
import { anyBackend } from '../support/databases.ts';
import { job, stopClockAt } from '../support/engine.ts';

const broken = job(
  'test.type',
  () => {
    throw new TypeError('it broke');
  },
  { retry: { attempts: 1 }, attributes: ['tenant'] },
);

anyBackend('bulk acts by HTTP', (fresh) => {
  it('acts in parts, each behind the one before, spread over one time', async () => {
    const db = await fresh();
    const { client, humdrum } = await openApi(db, { jobs: [broken] });
    await stopClockAt(db, '2026-01-31T09:00:00Z');
    const ids = await humdrum.enqueueMany(Array.from({ length: 5 }, () => ({ type: 'test.type' })));
    await humdrum.drain();
    const { token } = await client.call(previewBulk, {
      body: { action: 'retry', filter: { status: ['failed'] } },
    });
    const part = async (from: string) =>
      client.call(actOnBulk, {
        body: { token: from, reason: 'mended', atMost: 2, overMs: 50_000 },
      });
    const first = await part(token);
    expect(first).toMatchObject({ done: 2, of: 5 });
    await humdrum.cancel(ids[2] ?? 0);
    const second = await part(first.next ?? '');
    expect(second).toMatchObject({ done: 2, of: 3 });
    // One has left meanwhile: that was all.
    expect(await part(second.next ?? '')).toMatchObject({ done: 0, of: 1, next: null });
    const jobs = await humdrum.listJobs({ status: 'queued', order: 'oldest' });
    const dues = jobs.map(({ runAt }) => runAt.getTime() - Date.parse('2026-01-31T09:00:00Z'));
    expect(dues).toEqual([0, 10_000, 20_000, 30_000]);
    // The same part again finds nothing that it has not done.
    expect(await part(first.next ?? '')).toMatchObject({ done: 0 });
  });

  it('acts on no job that was enqueued after the preview, in no part of the act', async () => {
    const { client, humdrum } = await openApi(await fresh(), { jobs: [broken] });
    const ids = await humdrum.enqueueMany(Array.from({ length: 4 }, () => ({ type: 'test.type' })));
    const { token } = await client.call(previewBulk, {
      body: { action: 'cancel', filter: { type: ['test.type'] } },
    });
    await humdrum.cancelAll({ ids: ids.slice(1) }, { reason: 'by somebody else' });
    await humdrum.enqueueMany(Array.from({ length: 4 }, () => ({ type: 'test.type' })));
    const body = { reason: 'enough', atMost: 1 };
    const first = await client.call(actOnBulk, { body: { ...body, token } });
    expect(first).toMatchObject({ done: 1, of: 4 });
    const second = await client.call(actOnBulk, { body: { ...body, token: first.next ?? '' } });
    expect(second).toEqual({ action: 'cancel', done: 0, of: 3, next: null });
    expect(await humdrum.countFor('cancel', { type: 'test.type' })).toBe(4);
  });

  it('takes the query of a list, returns it in its normal form, and signs just that', async () => {
    const db = await fresh();
    await stopClockAt(db, '2026-01-31T09:00:00Z');
    const { client, humdrum, send } = await openApi(db, { jobs: [broken] });
    await humdrum.register();
    await humdrum.enqueueMany(['a', 'b'].map((tenant) => ({ type: broken, input: { tenant } })));
    await humdrum.drain();
    const asked = {
      type: 'test.type',
      attributes: { tenant: 'a' },
      createdFrom: '2026-01-31T09:00:00Z',
    };
    const { body } = await send('/jobs/bulk/preview', jsonBody({ action: 'retry', filter: asked }));
    expect(body.data).toMatchObject({
      count: 1,
      query: {
        type: ['test.type'],
        status: ['failed'],
        attributes: { tenant: 'a' },
        createdFrom: '2026-01-31T09:00:00.000Z',
      },
    });
    const { query, token } = body.data as z.input<typeof previewBulk.answer>;
    const [payload = ''] = token.split('.');
    const signed = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { said: object };
    expect(signed.said).toMatchObject({ action: 'retry', query });
    const listed = await client.call(listJobs, { query: toParams(z.decode(jobQuery, query)) });
    expect(listed.jobs.map(({ id }) => id)).toEqual([1]);
    expect(await client.call(actOnBulk, { body: { token, reason: 'mended' } })).toMatchObject({
      done: 1,
    });
  });

  it('refuses a preview without a filter, or with one that does not exist', async () => {
    const { send } = await openApi(await fresh(), { jobs: [broken] });
    for (const [filter, code, message] of [
      [{}, 'input-invalid', 'Name at least one filter'],
      [{ createdAfter: '2026-01-31T09:00:00Z' }, 'request-invalid', 'Did you mean "createdFrom"?'],
      [{ tipe: ['test.type'] }, 'request-invalid', 'Did you mean "type"?'],
      [{ type: [] }, 'filter-invalid', 'type has 1 to 1,000 values'],
      [{ attributes: { nobody: 1 } }, 'attribute-unknown', 'nobody'],
    ] as const) {
      const refused = await send('/jobs/bulk/preview', jsonBody({ action: 'retry', filter }));
      expect(refused.body.error).toMatchObject({ code });
      expect(refused.body.error?.message).toContain(message);
    }
  });
});
