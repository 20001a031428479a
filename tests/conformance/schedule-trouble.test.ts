import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import { tryAgain } from '../../src/engine/schedule/set-aside.ts';
import { msUntilNextTick } from '../../src/engine/schedule/next-due.ts';
import type { EngineEvent } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { EventLog, job, openEngine, stopClockAt } from '../support/engine.ts';
import { fireTicks } from '../support/verbs.ts';

const minutely = { schedule: { cron: '* * * * *' } };

eachBackend('a schedule that cannot be fired', (fresh) => {
  let db: Database;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:30Z');
  });

  const good = job('test.good', () => null, minutely);
  const bad = job('test.bad', () => null, minutely);

  const jobsOf = async (type: string): Promise<number> => {
    const { rows } = await db.query<{ jobs: number }>(
      'select count(*) as jobs from humdrum.job where type = $1',
      [type],
    );
    return rows[0]?.jobs ?? 0;
  };

  const troubles = (events: readonly EngineEvent[]): unknown[] =>
    events.flatMap((event) => (event.event === 'trouble' ? [event.error] : []));

  it.each([
    [`cron = '61 * * * *'`, /^The ticks of test\.bad are not fired\. .*61 is out of range/],
    [`cron = '0 0 30 2 *'`, /^The ticks of test\.bad are not fired\. .*never tick/],
    [`time_zone = 'Mars/Phobos'`, /^The ticks of test\.bad are not fired\. .*Mars\/Phobos/],
  ])('does not hold up the others: %s', async (change, message) => {
    const types = new Registry([good, bad]);
    const events = new EventLog();
    await registerSchedules(db, types);
    await db.query(`update humdrum.schedule set ${change} where name = 'test.bad'`);
    for (const minute of ['01', '02', '03']) {
      await moveTo(`2026-03-01T10:${minute}:00Z`);
      expect(await fireTicks(db, types, (event) => events.add(event))).toBe(1);
      expect(await msUntilNextTick(db, types.scheduled)).toBe(60_000);
    }
    expect(await jobsOf('test.bad')).toBe(0);
    expect(troubles(events.all)).toMatchObject([
      { code: 'type-invalid', message: expect.stringMatching(message) as string },
    ]);
  });

  it('nor does one among many', async () => {
    const many = Array.from({ length: 120 }, (_, at) =>
      job(`test.many-${at}`, () => null, minutely),
    );
    const types = new Registry(many);
    await registerSchedules(db, types);
    await db.query(`update humdrum.schedule set cron = 'none' where name = 'test.many-7'`);
    await moveTo('2026-03-01T10:01:00Z');
    expect(await fireTicks(db, types)).toBe(119);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(60_000);
  });

  it('nor does a type whose own function throws', async () => {
    const throwing = job('test.bad', () => null, {
      ...minutely,
      limits: () => {
        throw new Error('no limits today');
      },
    });
    const types = new Registry([good, throwing]);
    const events = new EventLog();
    await registerSchedules(db, types);
    await moveTo('2026-03-01T10:01:00Z');
    expect(await fireTicks(db, types, (event) => events.add(event))).toBe(1);
    expect(troubles(events.all)).toMatchObject([
      { message: expect.stringMatching(/test\.bad .*no limits today/) as string },
    ]);
  });

  it('is listed with the reason, beside the others', async () => {
    const lost = job('test.lost', () => null, {
      schedule: { cron: '0 * * * *', timeZone: 'Mars/Phobos' },
    });
    const { humdrum } = await openEngine(db, { jobs: [good, lost] });
    const listed = (await humdrum.listSchedules()).filter(({ schedule }) =>
      schedule.startsWith('test.'),
    );
    expect(listed).toMatchObject([
      { schedule: 'test.good', words: 'Every minute', nextAt: new Date('2026-03-01T10:01:00Z') },
      {
        schedule: 'test.lost',
        words: expect.stringMatching(/is invalid: .*Mars\/Phobos/) as string,
        nextAt: null,
      },
    ]);
  });

  it('is tried again each minute, and fires its tick once its rule is corrected', async () => {
    const types = new Registry([good, bad]);
    await registerSchedules(db, types);
    await db.query(`update humdrum.schedule set time_zone = 'X/Y' where name = 'test.bad'`);
    await moveTo('2026-03-01T10:01:00Z');
    expect(await fireTicks(db, types)).toBe(1);
    await db.query(`update humdrum.schedule set time_zone = 'UTC' where name = 'test.bad'`);
    expect(await fireTicks(db, types)).toBe(0);
    tryAgain(types.scheduled); // As a worker does each minute.
    expect(await fireTicks(db, types)).toBe(1);
    expect(await jobsOf('test.bad')).toBe(1);
  });

  it('does not hold up the others of a worker, which tells it once', async () => {
    const { humdrum, events } = await openEngine(db, { jobs: [good, bad] });
    await moveTo('2026-03-01T10:00:59.9Z');
    await humdrum.start();
    await db.query(`update humdrum.schedule set cron = '61 * * * *' where name = 'test.bad'`);
    await moveTo('2026-03-01T10:01:59.9Z');
    await events.settled(1);
    await moveTo('2026-03-01T10:02:00Z');
    await events.settled(2);
    expect(troubles(events.all)).toMatchObject([{ code: 'type-invalid' }]);
  });
});
