import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import type { Humdrum } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import {
  type EventLog,
  job,
  makeWitness,
  openEngine,
  stopClockAt,
  witnessed,
} from '../support/engine.ts';
import { fireTicks } from '../support/verbs.ts';

const hourly = job(
  'test.hourly',
  async (ctx) => {
    await ctx.db.query('insert into witness values ($1)', [ctx.now.toISOString()]);
    return ctx.now.toISOString();
  },
  { schedule: { cron: '0 * * * *', jitterMs: 86_400_000 } },
);
const plain = job('test.plain', () => null);
const minutely = job('test.minutely', () => null, { schedule: { cron: '* * * * *' } });

const at = (text: string) => new Date(`2026-03-${text}:00Z`);
const texts = (ticks: readonly Date[]) => ticks.map((tick) => tick.toISOString().slice(8, 16));

anyBackend('a backfill', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let events: EventLog;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    await makeWitness(db);
    moveTo = await stopClockAt(db, '2026-03-10T12:00:00Z');
    const engine = await openEngine(db, { jobs: [hourly, plain, minutely], actor: 'test:ada' });
    ({ humdrum, events } = engine);
  });

  it('makes one job for each tick, both ends included, which sees the tick as now', async () => {
    const range = { from: at('09T10:00'), to: at('09T12:00') };
    const { ticks, jobs, plans } = await humdrum.backfill(hourly, { ...range, reason: 'was down' });
    expect(texts(ticks)).toEqual(['09T10:00', '09T11:00', '09T12:00']);
    expect(plans).toEqual([]);
    const first = await humdrum.showJob(jobs[0] ?? 0);
    expect(first).toMatchObject({ schedule: 'test.hourly', runAt: at('09T10:00') });
    expect(first.audit).toMatchObject([
      { event: 'created', actor: 'test:ada', reason: 'was down' },
    ]);
    expect(await humdrum.backfill('test.hourly', range)).toEqual({
      ticks: [],
      jobs: [],
      plans: [],
    });
    await humdrum.start();
    await events.settled(3);
    expect(await witnessed(db)).toEqual(ticks.map((tick) => tick.toISOString()));
  });

  it('leaves out what has fired, takes the oldest up to a limit, and the scheduler passes it by', async () => {
    const types = new Registry([hourly]);
    await registerSchedules(db, types);
    await moveTo('2026-03-10T13:00:00Z');
    expect(await fireTicks(db, types)).toBe(1);
    await moveTo('2026-03-10T14:10:00Z');
    const range = { from: at('10T11:30'), to: at('10T14:10'), actor: 'test:eve' };
    const one = await humdrum.backfill(hourly, { ...range, limit: 1 });
    expect(texts(one.ticks)).toEqual(['10T12:00']);
    const rest = await humdrum.backfill(hourly, range);
    expect(texts(rest.ticks)).toEqual(['10T14:00']);
    expect((await humdrum.showJob(rest.jobs[0] ?? 0)).audit).toMatchObject([{ actor: 'test:eve' }]);
    expect(await fireTicks(db, types)).toBe(0);
  });

  it('rehearsed, tells the ticks and what the first of them would do, and leaves nothing', async () => {
    const range = { from: at('09T00:00'), to: at('10T00:00') };
    const before = await dump(db);
    const { ticks, jobs, plans } = await humdrum.backfill(hourly, { ...range, dryRun: true });
    expect(await dump(db)).toBe(before);
    expect({ ticks: ticks.length, jobs, plans: plans.length }).toEqual({
      ticks: 25,
      jobs: [],
      plans: 10,
    });
    expect(plans.map((plan) => plan.at)).toEqual(
      ticks.slice(0, 10).map((tick) => tick.toISOString()),
    );
    expect(plans[0]).toMatchObject({
      tables: [{ table: 'public.witness', inserted: 1 }],
      result: '2026-03-09T00:00:00.000Z',
    });
    const few = await humdrum.backfill(hourly, { ...range, dryRun: true, limit: 5, rehearsals: 2 });
    expect([few.ticks.length, few.plans.length]).toEqual([5, 2]);
  });

  it('makes one job a tick however many ask at once', async () => {
    const range = { from: at('01T00:00'), to: at('04T23:59') };
    const made = await Promise.all(
      Array.from({ length: 6 }, () => humdrum.backfill(hourly, range)),
    );
    const ticks = made.flatMap((one) => texts(one.ticks));
    expect(ticks).toHaveLength(96);
    expect(new Set(ticks).size).toBe(96);
    const { rows } = await db.query<{ jobs: number; ticks: number }>(
      'select count(*) as jobs, count(distinct run_at) as ticks from humdrum.job',
    );
    expect(rows).toEqual([{ jobs: 96, ticks: 96 }]);
  });

  it('belongs to the transaction that it is called in', async () => {
    const range = { from: at('09T10:00'), to: at('09T12:00') };
    const undone = db.transaction(async () => {
      await humdrum.backfill(hourly, range);
      throw new Error('undo');
    });
    await expect(undone).rejects.toThrow('undo');
    expect((await humdrum.backfill(hourly, range)).ticks).toHaveLength(3);
  });

  it('is refused with a sentence where it cannot be meant', async () => {
    const day = { from: at('01T00:00'), to: at('02T00:00') };
    const refused = [
      [plain, day, /test\.plain has no schedule/],
      [
        minutely,
        { ...day, to: at('08T00:00') },
        /more than 10000 ticks from 2026-03-01.*shorter ranges/,
      ],
      [hourly, { from: day.to, to: day.from }, /from must not be after to/],
      [hourly, { ...day, from: new Date(NaN) }, /from must be a valid date .* not an invalid date/],
      [hourly, { ...day, to: at('10T12:01') }, /is in the future/],
      [hourly, { ...day, limit: 0 }, /limit must be a whole number from 1 to 10000, not 0/],
      [
        hourly,
        { ...day, dryRun: true, rehearsals: 101 },
        /rehearsals must be a whole .* 1 to 100,/,
      ],
    ] as const;
    for (const [type, options, message] of refused) {
      await expect(humdrum.backfill(type, options)).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringMatching(message) as string,
      });
    }
  });

  it('is as large as 10,000 ticks', async () => {
    const to = new Date(at('01T00:00').getTime() + 9_999 * 60_000);
    const { jobs } = await humdrum.backfill(minutely, { from: at('01T00:00'), to });
    expect(jobs).toHaveLength(10_000);
  });

  it('and a look ahead know the schedules without anybody firing them', async () => {
    expect(await humdrum.listSchedules()).toEqual([
      {
        schedule: 'test.hourly',
        cron: '0 * * * *',
        words: 'Every hour',
        timeZone: 'UTC',
        nextAt: at('10T13:00'),
      },
      {
        schedule: 'test.minutely',
        cron: '* * * * *',
        words: 'Every minute',
        timeZone: 'UTC',
        nextAt: at('10T12:01'),
      },
      {
        schedule: 'humdrum.seal-audit', // The engine's own.
        cron: '0 * * * *',
        words: 'Every hour',
        timeZone: 'UTC',
        nextAt: at('10T13:00'),
      },
    ]);
    expect(texts(await humdrum.upcomingTicks(hourly, 2))).toEqual(['10T13:00', '10T14:00']);
    await expect(humdrum.upcomingTicks(hourly, 0)).rejects.toMatchObject({ code: 'input-invalid' });
    await expect(humdrum.upcomingTicks(plain)).rejects.toThrow('has no schedule');
  });
});
