import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { msUntilNextTick } from '../../src/engine/schedule/next-due.ts';
import { fireTicks } from '../support/verbs.ts';

eachBackend('schedules', (fresh) => {
  let db: Database;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:07:00Z');
  });

  const half = job('test.half', (ctx) => ctx.now.toISOString(), {
    schedule: { cron: '*/30 * * * *' },
  });

  const ticks = async () => {
    const { rows } = await db.query<{ run_at: Date }>(
      'select run_at from humdrum.job where schedule is not null order by run_at, id',
    );
    return rows.map(({ run_at: at }) => at.toISOString().slice(11, 16));
  };

  it('makes one job a tick, which sees the tick as now', async () => {
    const types = new Registry([half]);
    await registerSchedules(db, types);
    expect(await fireTicks(db, types)).toBe(0);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(23 * 60_000);
    await moveTo('2026-03-01T10:31:00Z');
    expect(await fireTicks(db, types)).toBe(1);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(29 * 60_000);
    expect(await fireTicks(db, types)).toBe(0);
    const { humdrum, events } = await openEngine(db, { jobs: [half] });
    await humdrum.start();
    await events.settled(1);
    expect(events.all.find(({ event }) => event === 'job-settled')).toMatchObject({
      outcome: { ended: { result: '2026-03-01T10:30:00.000Z' } },
    });
  });

  it('makes one job a tick however many fire it at once', async () => {
    const types = new Registry([half]);
    await registerSchedules(db, types);
    await moveTo('2026-03-01T10:30:00Z');
    const fired = await Promise.all(Array.from({ length: 8 }, () => fireTicks(db, types)));
    expect(fired.reduce((sum, one) => sum + one, 0)).toBe(1);
    // One that believes that the tick is still to come, like a machine that comes back from a long sleep:
    await db.query(`update humdrum.schedule set next_at = '2026-03-01T10:30:00Z'`);
    expect(await fireTicks(db, types)).toBe(0);
    expect(await ticks()).toEqual(['10:30']);
  });

  it.each([
    ['skip', []],
    ['once', ['13:30']],
    ['each', ['10:30', '11:00', '11:30', '12:00']],
  ] as const)('after an outage runs what misfire %s says', async (misfire, expected) => {
    const rule = { cron: '*/30 * * * *', misfire, misfireLimit: 4 };
    const types = new Registry([job('test.missed', () => null, { schedule: rule })]);
    await registerSchedules(db, types);
    await moveTo('2026-03-01T13:45:00Z');
    await fireTicks(db, types);
    expect(await ticks()).toEqual(expected);
  });

  it('keeps its place over a restart, and a new rule starts from a tick that the old one has missed', async () => {
    await registerSchedules(db, new Registry([half]));
    await moveTo('2026-03-01T11:15:00Z');
    await registerSchedules(db, new Registry([half]));
    const next = async () =>
      (
        await db.query<{ next_at: Date }>(
          `select next_at from humdrum.schedule where name = 'test.half'`,
        )
      ).rows[0]?.next_at;
    expect(await next()).toEqual(new Date('2026-03-01T10:30:00Z'));
    const hourly = job('test.half', () => null, { schedule: { cron: '0 * * * *' } });
    await registerSchedules(db, new Registry([hourly]));
    expect(await next()).toEqual(new Date('2026-03-01T11:00:00Z'));
  });

  it('goes by the rule that was written down last, also where an older program fires it', async () => {
    const older = new Registry([half]);
    await registerSchedules(db, older);
    const hourly = job('test.half', () => null, { schedule: { cron: '0 * * * *' } });
    await registerSchedules(db, new Registry([hourly]));
    await moveTo('2026-03-01T11:00:00Z');
    expect(await fireTicks(db, older)).toBe(1);
    expect(await msUntilNextTick(db, older.scheduled)).toBe(60 * 60_000);
  });

  it('spreads the jobs of ticks by their jitter, and each still sees its tick as now', async () => {
    const schedule = { cron: '0 * * * *', misfire: 'each', misfireLimit: 1_000 } as const;
    const spread = job('test.spread', () => null, { schedule: { ...schedule, jitterMs: 600_000 } });
    const exact = job('test.exact', () => null, { schedule });
    const types = new Registry([spread, exact]);
    await registerSchedules(db, types);
    await moveTo('2026-03-05T10:00:00Z');
    expect(await fireTicks(db, types)).toBe(2 * 96);
    const { rows } = await db.query<{ type: string; spread_ms: number; shown: Date }>(
      `select type, job.run_at as shown, extract(epoch from due.run_at - job.run_at)::float8 * 1000 as spread_ms
       from humdrum.job join humdrum.jobs as due using (id, type) order by job.run_at`,
    );
    const [first] = rows;
    expect(first?.shown).toEqual(new Date('2026-03-01T11:00:00Z'));
    expect(rows.every(({ shown }) => shown.getTime() % 3_600_000 === 0)).toBe(true);
    // Only the last tick's job is not due yet: of all others nothing tells when they were.
    const waiting = rows.filter(({ spread_ms: ms }) => ms > 0);
    expect(waiting).toMatchObject([
      { type: 'test.spread', shown: new Date('2026-03-05T10:00:00Z') },
    ]);
    expect(waiting[0]?.spread_ms).toBeLessThanOrEqual(600_000);
    await moveTo('2026-03-05T10:10:00Z');
    expect(await promote(db)).toMatchObject({ promoted: 1 });
  });

  it('draws the same delay for a tick wherever it is fired, and another for another', async () => {
    const schedule = { cron: '0 0 * * *', jitterMs: 86_400_000 };
    const daily = job('test.daily', () => null, { schedule });
    const delays = async (on: Database, move: (at: string) => Promise<void>): Promise<number[]> => {
      const types = new Registry([daily]);
      await registerSchedules(on, types);
      for (let day = 2; day < 12; day += 1) {
        await move(`2026-03-${String(day).padStart(2, '0')}T00:00:00Z`);
        await fireTicks(on, types);
      }
      const { rows } = await on.query<{ ms: number }>(
        `select extract(epoch from later.run_at - job.run_at)::float8 * 1000 as ms
         from humdrum.job join humdrum.later on later.job_id = job.id order by job.run_at`,
      );
      return rows.map(({ ms }) => ms);
    };
    const here = await delays(db, moveTo);
    const other = await fresh();
    const there = await delays(other, await stopClockAt(other, '2026-03-01T10:07:00Z'));
    expect(here).toEqual(there);
    expect(here).toHaveLength(10);
    expect(new Set(here).size).toBe(10);
    expect(Math.max(...here)).toBeGreaterThan(43_200_000);
    expect(Math.min(...here)).toBeLessThan(43_200_000);
  });

  it('gives a tick the same numbers as its rehearsal', async () => {
    const dice = job('test.dice', (ctx) => [ctx.random(), ctx.id('a'), ctx.now.toISOString()], {
      schedule: { cron: '*/30 * * * *' },
    });
    const { humdrum, events } = await openEngine(db, { jobs: [dice] });
    const plan = await humdrum.rehearse(dice, {}, new Date('2026-03-01T10:30:00Z'));
    await registerSchedules(db, new Registry([dice]));
    await moveTo('2026-03-01T10:31:00Z');
    await humdrum.start();
    await events.settled(1);
    expect(events.all.find(({ event }) => event === 'job-settled')).toMatchObject({
      outcome: { ended: { result: plan.result } },
    });
  });

  it('records a rule whose years have passed as one without a next tick', async () => {
    const { humdrum } = await openEngine(db, {
      jobs: [half, job('test.over', () => null, { schedule: { cron: '0 0 0 1 1 * 2020' } })],
    });
    await humdrum.register();
    const { rows } = await db.query(
      `select cron, isfinite(next_at) as next from humdrum.schedule where name = 'test.over'`,
    );
    expect(rows).toEqual([{ cron: '0 0 0 1 1 * 2020', next: false }]);
    const listed = (await humdrum.listSchedules()).find(({ schedule }) => schedule === 'test.over');
    expect(listed).toMatchObject({ nextAt: null, words: expect.stringMatching(/2020$/) as string });
  });

  it('refuses a zone that this machine does not know, with the name of the type', async () => {
    const lost = job('test.lost', () => null, {
      schedule: { cron: '0 * * * *', timeZone: 'Mars/Phobos' },
    });
    await expect(registerSchedules(db, new Registry([lost]))).rejects.toMatchObject({
      code: 'type-invalid',
      message:
        'Job type "test.lost": The schedule "0 * * * *" in Mars/Phobos is invalid: Invalid time zone specified: Mars/Phobos.',
    });
  });

  it('promotes what has come due, in its order, and says when the next is', async () => {
    const { humdrum } = await openEngine(db, { jobs: [half] });
    const at = (minute: number) => new Date(`2026-03-01T10:${minute}:00Z`);
    const [second, first] = await humdrum.enqueueMany([
      { type: half, runAt: at(20) },
      { type: half, runAt: at(10), priority: 3 },
      { type: half, runAt: at(40) },
    ]);
    expect(await promote(db)).toEqual({ promoted: 0, nextMs: 3 * 60_000 });
    await moveTo('2026-03-01T10:25:00Z');
    expect(await promote(db)).toEqual({ promoted: 2, nextMs: 15 * 60_000 });
    const { rows } = await db.query<{ job_id: number }>(
      'select job_id from humdrum.ready order by job_id',
    );
    expect(rows.map(({ job_id: id }) => id)).toEqual([second, first]);
  });
});
