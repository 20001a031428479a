import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import { limitsOf } from '../../src/engine/job/limit-rule.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerLimits } from '../../src/engine/register/limits.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import { claimNext } from '../../src/engine/transitions/claim.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { wakeWaiting } from '../../src/engine/transitions/wake.ts';
import type { JobType, ScheduleRule } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { fireTicks, addWorker, completed } from '../support/verbs.ts';

eachBackend('overlap', (fresh) => {
  let db: Database;
  let moveTo: (at: string) => Promise<void>;
  let worker: number;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:30Z');
    await registerLimits(db, limitsOf({}), 'test');
    worker = await addWorker(db);
  });

  const everyMinute = (overlap: NonNullable<ScheduleRule['overlap']>): JobType =>
    job('test.every-minute', () => null, { schedule: { cron: '* * * * *', overlap } });

  /** Fires the ticks of three minutes, and answers what may start after each. */
  async function threeMinutes(type: JobType, first: ClaimedJob[] = []): Promise<ClaimedJob[][]> {
    const types = new Registry([type]);
    await registerSchedules(db, types);
    const started: ClaimedJob[][] = [first];
    for (const minute of ['01', '02', '03']) {
      await moveTo(`2026-03-01T10:${minute}:01Z`);
      await fireTicks(db, types);
      await wakeWaiting(db);
      started.push(await claim());
    }
    return started.slice(1);
  }
  const claim = async (): Promise<ClaimedJob[]> =>
    (await claimNext(db, worker, { queue: 'default', types: ['test.every-minute'], limit: 10 }))
      .jobs;
  const minutesOf = (jobs: readonly ClaimedJob[]): string[] =>
    jobs.map(({ runAt }) => runAt.toISOString().slice(14, 16));
  const skipped = async (): Promise<unknown[]> =>
    (await db.query(`select actor, reason from humdrum.audit where event = 'skipped' order by id`))
      .rows;

  it('allow: each tick has its job, whatever else runs', async () => {
    const started = await threeMinutes(everyMinute('allow'));
    expect(started.map(minutesOf)).toEqual([['01'], ['02'], ['03']]);
  });

  it('queue: the jobs of ticks run one after the other, in order', async () => {
    const started = await threeMinutes(everyMinute('queue'));
    expect(started.map(minutesOf)).toEqual([['01'], [], []]);
    await settle(
      db,
      (started[0] ?? []).map((one) => completed(one)),
      [],
    );
    await wakeWaiting(db);
    expect(minutesOf(await claim())).toEqual(['02']);
  });

  it('skip: a tick makes no job while one is open, and the audit tells', async () => {
    const type = everyMinute('skip');
    const started = await threeMinutes(type);
    expect(started.map(minutesOf)).toEqual([['01'], [], []]);
    expect(await skipped()).toEqual([
      {
        actor: 'schedule:test.every-minute',
        reason: 'tick 2026-03-01T10:02:00.000Z: job 1 of an earlier one had not ended',
      },
      {
        actor: 'schedule:test.every-minute',
        reason: 'tick 2026-03-01T10:03:00.000Z: job 1 of an earlier one had not ended',
      },
    ]);
    await settle(
      db,
      (started[0] ?? []).map((one) => completed(one)),
      [],
    );
    await moveTo('2026-03-01T10:04:01Z');
    await fireTicks(db, new Registry([type]));
    await promote(db);
    expect(minutesOf(await claim())).toEqual(['04']);
  });

  it('makes a backfill of ticks that may not overlap run in turn, and skips none', async () => {
    const type = everyMinute('skip');
    const { humdrum } = await openEngine(db, { jobs: [type] });
    const range = { from: new Date('2026-03-01T09:00:00Z'), to: new Date('2026-03-01T09:03:00Z') };
    const { jobs } = await humdrum.backfill(type, range);
    expect(jobs).toHaveLength(4);
    await wakeWaiting(db);
    worker = await addWorker(db);
    expect((await claim()).map(({ id }) => id)).toEqual(jobs.slice(0, 1));
    expect(await skipped()).toEqual([]);
  });
});
