import { expect, it } from 'vitest';
import { errorKind } from '../../src/database/error-kind.ts';
import { extendHistory } from '../../src/engine/upkeep/retention.ts';
import { defineSubscriber } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const BEYOND = `select setval('humdrum.job_id', 50000000)`;

eachBackend('an id that the history has no part for', (fresh) => {
  it('is no fault of the job that needs one to end', async () => {
    const db = await fresh();
    const emits = job(
      'test.emits',
      async (ctx) => {
        await db.query(BEYOND);
        ctx.emit('test.done', {});
      },
      { atomic: false, retry: { attempts: 1 } },
    );
    const { humdrum, events } = await openEngine(db, {
      jobs: [emits],
      receivers: [defineSubscriber({ name: 'inbox', events: ['*'], run: () => undefined })],
    });
    const { id } = await humdrum.enqueue(emits, {});
    const draining = humdrum.drain();
    await events.until((log) => log.count('trouble') > 0);
    await extendHistory(db);
    expect(await draining).toMatchObject({ completed: 2, failed: 0 });
    expect((await humdrum.showJob(id)).status).toBe('completed');
  });

  it('is told from data that breaks a rule', async () => {
    const db = await fresh();
    const kindOf = async (sql: string) =>
      errorKind(await db.query(sql).catch((error: unknown) => error));
    expect(await kindOf(`insert into humdrum.cancellation values (90000000, now())`)).toBe('busy');
    expect(await kindOf(`insert into humdrum.effect values (1, -1, 'event', 'a', '1')`)).toBe(
      'data',
    );
  });
});
