import { expect, it } from 'vitest';
import { actOnBulk, previewBulk } from '../../src/http/contract/bulk.ts';
import { openApi } from '../support/api.ts';
import { anyBackend } from '../support/databases.ts';
import { job, stopClockAt } from '../support/engine.ts';

const broken = job(
  'test.type',
  () => {
    throw new TypeError('it broke');
  },
  { retry: { attempts: 1 } },
);

anyBackend('bulk acts by HTTP', (fresh) => {
  it('acts in parts, each behind the one before, spread over one time', async () => {
    const db = await fresh();
    const { client, humdrum } = await openApi(db, { jobs: [broken] });
    await stopClockAt(db, '2026-01-31T09:00:00Z');
    const ids = await humdrum.enqueueMany(Array.from({ length: 5 }, () => ({ type: 'test.type' })));
    await humdrum.drain();
    const { token } = await client.call(previewBulk, { body: { action: 'retry', filter: {} } });
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
});
