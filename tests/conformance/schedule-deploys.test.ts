import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerSchedules, takeBackSchedules } from '../../src/engine/register/schedules.ts';
import type { JobType } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { fireTicks } from '../support/verbs.ts';

eachBackend('a rule that changes', (fresh) => {
  let db: Database;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T23:50:00Z');
  });

  const nightly = (cron: string, more: object = {}): JobType =>
    job('test.nightly', () => null, { schedule: { cron, ...more } });

  const current = async (): Promise<string> => {
    const { rows } = await db.query<{ cron: string; next: Date }>(
      `select cron, next_at as next from humdrum.schedule where name = 'test.nightly'`,
    );
    return `${rows[0]?.cron} next ${rows[0]?.next.toISOString()}`;
  };

  const ticks = async (): Promise<string[]> => {
    const { rows } = await db.query<{ at: Date }>(
      `select run_at as at from humdrum.job where type = 'test.nightly' order by run_at`,
    );
    return rows.map(({ at }) => at.toISOString());
  };

  /** A living worker whose program has this rule. */
  const addWorkerWith = async (cron: string): Promise<number> => {
    const { rows } = await db.query<{ id: number }>(
      `insert into humdrum.worker (name, started_at, expires_at, rules)
       values ('test', humdrum.clock(), humdrum.clock() + interval '1 day', $1) returning id`,
      [[`test.nightly ${cron} UTC`]],
    );
    return rows[0]?.id ?? 0;
  };

  const stopWorker = (id: number): Promise<unknown> =>
    db.query('update humdrum.worker set expires_at = humdrum.clock() where id = $1', [id]);

  it.each([
    ['5 0 * * *', ['2026-03-02T00:05:00.000Z'], '2026-03-03T00:05:00.000Z'],
    ['15 0 * * *', [], '2026-03-02T00:15:00.000Z'],
    ['0 3 * * *', [], '2026-03-02T03:00:00.000Z'],
    ['0 0 * * *', ['2026-03-02T00:00:00.000Z'], '2026-03-03T00:00:00.000Z'],
  ])('to %s over the instant of a tick runs once in that night', async (cron, ran, next) => {
    await registerSchedules(db, new Registry([nightly('0 0 * * *')]));
    await moveTo('2026-03-02T00:10:00Z');
    const after = new Registry([nightly(cron)]);
    await registerSchedules(db, after);
    await fireTicks(db, after);
    expect(await ticks()).toEqual(ran);
    expect(await current()).toBe(`${cron} next ${next}`);
  });

  it('from a rule that has missed nothing starts from now', async () => {
    await registerSchedules(db, new Registry([nightly('0 3 * * *')]));
    await moveTo('2026-03-02T00:10:00Z');
    await registerSchedules(db, new Registry([nightly('5 0 * * *')]));
    expect(await current()).toBe('5 0 * * * next 2026-03-03T00:05:00.000Z');
  });

  it.each(['once', 'each'] as const)(
    'a type that was away for months starts anew, with misfire %s',
    async (misfire) => {
      const types = new Registry([nightly('0 0 * * *', { misfire })]);
      await registerSchedules(db, types);
      await moveTo('2026-06-01T12:00:00Z');
      await registerSchedules(db, types);
      expect(await fireTicks(db, types)).toBe(0);
      expect(await current()).toBe('0 0 * * * next 2026-06-02T00:00:00.000Z');
      await moveTo('2026-08-31T12:00:00Z');
      await registerSchedules(db, new Registry([nightly('0 1 * * *', { misfire })]));
      expect(await current()).toBe('0 1 * * * next 2026-09-01T01:00:00.000Z');
    },
  );

  it('stays when an older program starts again, as long as a worker of the newer one lives', async () => {
    const older = new Registry([nightly('0 0 * * *')]);
    const newer = new Registry([nightly('30 0 * * *')]);
    await registerSchedules(db, older);
    expect(await registerSchedules(db, newer)).toEqual({ kept: [] });
    const worker = await addWorkerWith('30 0 * * *');
    await moveTo('2026-03-01T23:59:00Z');
    const before = await current();
    expect(await registerSchedules(db, older)).toEqual({ kept: ['test.nightly'] });
    await takeBackSchedules(db, older, 'test');
    expect(await current()).toBe(before);
    await moveTo('2026-03-02T00:40:00Z');
    await fireTicks(db, older); // By the newer rule.
    expect(await ticks()).toEqual(['2026-03-02T00:30:00.000Z']);
    await stopWorker(worker); // The deploy is rolled back.
    await takeBackSchedules(db, older, 'test');
    expect(await current()).toBe('0 0 * * * next 2026-03-03T00:00:00.000Z');
    expect(await registerSchedules(db, newer)).toEqual({ kept: ['test.nightly'] });
  });

  it('stays also in the moment before the worker of the newer program has joined', async () => {
    const older = new Registry([nightly('0 0 * * *')]);
    await registerSchedules(db, older);
    await registerSchedules(db, new Registry([nightly('30 0 * * *')]));
    expect(await registerSchedules(db, older)).toEqual({ kept: ['test.nightly'] });
    await moveTo('2026-03-01T23:50:11Z');
    expect(await registerSchedules(db, older)).toEqual({ kept: [] });
  });

  it('is taken at once from a program that nobody has seen before', async () => {
    await registerSchedules(db, new Registry([nightly('0 0 * * *')]));
    await addWorkerWith('0 0 * * *');
    const newer = new Registry([nightly('30 0 * * *')]);
    expect(await registerSchedules(db, newer)).toEqual({ kept: [] });
    expect(await current()).toBe('30 0 * * * next 2026-03-02T00:30:00.000Z');
  });

  it('is audited, and its older rules are remembered up to a number', async () => {
    for (let minute = 0; minute < 30; minute += 1) {
      await moveTo(`2026-03-01T20:${String(minute).padStart(2, '0')}:00Z`);
      await registerSchedules(db, new Registry([nightly(`${minute} 0 * * *`)]), 'ada');
    }
    const { rows } = await db.query<{ old: number; actor: string; reason: string }>(
      `select (select count(*) from humdrum.replaced_rule) as old, actor, reason
       from humdrum.audit where event = 'configured' order by id desc limit 1`,
    );
    expect(rows).toEqual([
      {
        old: 20,
        actor: 'ada',
        reason: 'schedule test.nightly: 29 0 * * * in UTC, before: 28 0 * * * in UTC',
      },
    ]);
  });

  it('is told by a real process that keeps the newer one, and its worker says which rules it has', async () => {
    const worker = { leaseMs: 600_000 };
    const older = await openEngine(db, { jobs: [nightly('0 0 * * *')], worker });
    const newer = await openEngine(db, { jobs: [nightly('30 0 * * *')], worker });
    await older.humdrum.start();
    await newer.humdrum.start();
    await older.humdrum.stop();
    await moveTo('2026-03-01T23:50:15Z');
    await older.humdrum.start();
    expect(older.events.all).toContainEqual({
      event: 'schedules-kept',
      schedules: ['test.nightly'],
    });
    expect(await current()).toBe('30 0 * * * next 2026-03-02T00:30:00.000Z');
    await older.humdrum.stop();
    await newer.humdrum.stop();
    await older.humdrum.drain(); // A rollback.
    expect(await current()).toBe('0 0 * * * next 2026-03-02T00:00:00.000Z');
  });
});
