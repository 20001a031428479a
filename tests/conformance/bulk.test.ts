import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { wakeWaiting } from '../../src/engine/transitions/wake.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Humdrum } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, failed, plain } from '../support/verbs.ts';

const other = job('test.other', () => null);

anyBackend('many at once', (fresh) => {
  /** `count` failed jobs, half of them for want of a connection. */
  async function openWithFailed(db: Database, count: number): Promise<Humdrum> {
    const { humdrum } = await openEngine(db, { jobs: [plain, other] });
    await humdrum.enqueueMany(Array.from({ length: count }, () => ({ type: plain })));
    const settlements = (await claim(db, await addWorker(db), count)).map((one) => {
      const settlement = failed(one, true);
      const odd = one.id % 2 === 1;
      const error = odd
        ? { class: 'ConnectError', message: 'Connection to Mail 100% refused', stack: null }
        : { class: 'TypeError', message: 'x is undefined', stack: null };
      const ended = { error, permanent: true, retryAfterMs: null };
      return { ...settlement, outcome: { ...settlement.outcome, ended } };
    });
    await settle(db, settlements, []);
    return humdrum;
  }

  it('are counted, then retried or cancelled in batches, with actor and reason', async () => {
    const db = await fresh();
    const humdrum = await openWithFailed(db, 2_500);
    const filter = { errorClass: 'ConnectError' };
    expect(await humdrum.countFor('retry', filter)).toBe(1_250);
    expect(await humdrum.countFor('retry', { error: 'mail 100%' })).toBe(1_250);
    expect(await humdrum.countFor('retry', { type: other.type })).toBe(0);
    const progress: number[] = [];
    const by = { actor: 'user:ada', reason: 'mail is up again' };
    const onProgress = (done: number) => progress.push(done);
    expect(await humdrum.retryAll(filter, { ...by, onProgress })).toBe(1_250);
    expect(progress).toEqual([1_000, 1_250]);
    expect(await humdrum.countFor('retry', {})).toBe(1_250);
    expect(await humdrum.countFor('cancel', {})).toBe(2_500);
    expect(await humdrum.cancelAll({ errorClass: 'TypeError' }, by)).toBe(1_250);
    const { rows } = await db.query(
      `select event, actor, reason, count(*) from humdrum.audit where event in ('retried', 'cancelled')
       group by 1, 2, 3 order by 1`,
    );
    expect(rows).toEqual([
      { event: 'cancelled', ...by, count: 1_250 },
      { event: 'retried', ...by, count: 1_250 },
    ]);
  });

  it('are retried with children before their parents, however far apart their ids are', async () => {
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs: [plain, other] });
    const onFailure = 'continue';
    const grandchildren = { jobs: [{ type: plain }], onFailure } as const;
    const children = { jobs: [{ type: plain, children: grandchildren }], onFailure } as const;
    const many = Array.from({ length: 1_100 }, () => ({ type: plain }));
    // The ids of the children follow those of all the others.
    const ids = await humdrum.enqueueMany([{ type: plain, children }, ...many]);
    const [parent = 0] = ids;
    const [child, grandchild] = [parent + 1_101, parent + 1_102];
    const worker = await addWorker(db);
    for (let generation = 0; generation < 3; generation += 1) {
      const claimed = await claim(db, worker, 2_000);
      await settle(
        db,
        claimed.map((one) => failed(one, true)),
        [],
      );
      await wakeWaiting(db);
      await promote(db);
    }
    expect(await humdrum.countFor('retry', { status: 'failed' })).toBe(1_103);
    const by = { reason: 'again' };
    const acted = await humdrum.actOnAll('retry', { type: plain.type }, { ...by, atMost: 10 });
    expect(acted).toMatchObject({ done: 12, met: 10 });
    expect((await humdrum.why(parent)).why).toContain(`waits for its child, job ${child}`);
    expect((await humdrum.why(child)).why).toContain(`waits for its child, job ${grandchild}`);
    // Each once, and none that does not match.
    expect(await humdrum.retryAll({ type: plain.type }, by)).toBe(1_091);
    await humdrum.cancelAll({ ids: [parent, grandchild] }, by);
    expect(await humdrum.countFor('retry', { status: 'failed' })).toBe(0);
  });

  it('are retried spread over a time', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    const humdrum = await openWithFailed(db, 2_000);
    await humdrum.retryAll({ status: 'failed' }, { reason: 'slowly', overMs: 2_000_000 });
    const { rows } = await db.query(
      'select count(*), min(run_at), max(run_at), count(distinct run_at) as instants from humdrum.later',
    );
    expect(rows).toEqual([
      {
        count: 1_999, // The first is due at once.
        min: new Date('2026-03-01T10:00:01Z'),
        max: new Date('2026-03-01T10:33:19Z'),
        instants: 1_999,
      },
    ]);
    await moveTo('2026-03-01T10:01:00Z');
    expect(await promote(db)).toMatchObject({ promoted: 60 });
  });

  it('are those of a preview, and none that was enqueued after it', async () => {
    const humdrum = await openWithFailed(await fresh(), 3);
    const query = { status: ['queued', 'failed'] } as const;
    const { upToId } = await humdrum.preview('cancel', query);
    await humdrum.enqueueMany([{ type: plain }, { type: plain }]);
    const by = { reason: 'as previewed', upToId };
    expect(await humdrum.actOnAll('cancel', query, by)).toMatchObject({ done: 3, met: 3 });
    expect(await humdrum.countFor('cancel', query)).toBe(2);
    expect(await humdrum.cancelAll(query, by)).toBe(0);
  });

  it('need a reason', async () => {
    const humdrum = await openWithFailed(await fresh(), 1);
    const query = { status: 'failed' } as const;
    for (const by of [{ reason: ' ' }, {}, null, undefined]) {
      const given = by as { reason: string }; // As a program without types gives it.
      for (const refused of [
        humdrum.retryAll(query, given),
        humdrum.cancelAll(query, given),
        humdrum.actOnAll('retry', query, given),
      ]) {
        const error = {
          code: 'input-invalid',
          message: /reason must be a text that says why|must be an object/,
        };
        await expect(refused).rejects.toMatchObject({
          ...error,
          message: expect.stringMatching(error.message) as unknown,
        });
      }
    }
    await expect(
      humdrum.retryAll({ status: 'failed' }, { reason: 'x', overMs: -1 }),
    ).rejects.toThrow(/overMs/);
    expect(await humdrum.countFor('retry', {})).toBe(1);
  });
});
