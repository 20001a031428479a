import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { findDueWork } from '../../src/engine/upkeep/due-work.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, plain } from '../support/verbs.ts';

const MANY = 20_000;
// The only lease is the last worker's.
const FILL = `
  insert into humdrum.ready select n, 0, 1, 'default', 'test.plain', now() + interval '1 day', null from generate_series(1, ${MANY}) as n;
  insert into humdrum.later select n, now() + interval '1 day', 0, 1, 'default', 'test.plain', null, null, false
    from generate_series(1, ${MANY}) as n;
  insert into humdrum.schedule select 'every-' || n, '* * * * *', 'UTC', now() + n * interval '1 hour'
    from generate_series(1, ${MANY}) as n;
  insert into humdrum.worker (name, started_at, expires_at, queues, types)
    select 'worker ' || n, now(), now() + interval '1 minute', '{}', '{}' from generate_series(1, ${MANY}) as n;
  insert into humdrum.lease (id, worker_id, claimed_at, jobs, attempts)
    select 1, max(id), now(), array[1], array[1::smallint] from humdrum.worker`;

eachBackend('a look at what there is to do', (fresh) => {
  it('knows when the next lease passes, of those workers that hold one', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    const { humdrum } = await openEngine(db, { jobs: [plain] });
    const untilLost = async (): Promise<number | null> =>
      (await findDueWork(db, { queues: ['default'], types: new Registry([plain]) })).lostMs;

    const [forEver, , long, short] = await workersUntil(db, [
      'infinity',
      '2026-03-01T10:00:05Z',
      '2026-03-01T10:02:00Z',
      '2026-03-01T10:01:00Z',
    ]);
    const hold = async (worker = 0): Promise<void> => {
      await humdrum.enqueue(plain, {});
      expect(await claim(db, worker, 1)).toHaveLength(1);
    };
    expect(await untilLost()).toBeNull();
    await hold(forEver);
    expect(await untilLost()).toBeNull();
    await hold(long);
    expect(await untilLost()).toBe(120_000);
    await hold(short);
    expect(await untilLost()).toBe(60_000);
    await moveTo('2026-03-01T10:01:02Z');
    expect(await untilLost()).toBe(-2_000);
  });

  it('takes a step or two into each table, however much there is, with a plan from when there was nothing', async () => {
    const db = await fresh();
    await db.transaction(async (tx) => {
      const blocks = async (): Promise<number> => {
        const { rows } = await tx.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
          `explain (analyze, buffers, format json) select * from humdrum.glance('{default}', '{every-${MANY}}')`,
        );
        const plan = rows[0]?.['QUERY PLAN'][0].Plan ?? {};
        return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
      };
      for (let time = 0; time < 8; time += 1) await blocks();
      await tx.script(FILL);
      expect(await blocks()).toBeLessThan(60);
    });
  });
});

async function workersUntil(db: Database, ends: readonly string[]): Promise<number[]> {
  const ids: number[] = [];
  for (const end of ends) {
    const id = await addWorker(db);
    await db.query('update humdrum.worker set expires_at = $2 where id = $1', [id, end]);
    ids.push(id);
  }
  return ids;
}
