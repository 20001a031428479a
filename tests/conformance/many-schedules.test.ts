import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { JobType } from '../../src/engine/job/job-type.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { msUntilNextTick } from '../../src/engine/schedule/next-due.ts';
import { fireTicks } from '../support/verbs.ts';

/** More than are named in one look. */
const MANY = 250;

eachBackend('many schedules', (fresh) => {
  let db: Database;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:07:00Z');
  });

  const scheduled = (name: string, crons: readonly string[]): JobType[] =>
    crons.map((cron, at) => job(`${name}.job-${at}`, () => null, { schedule: { cron } }));
  const daily = scheduled('daily', Array.from<string>({ length: MANY }).fill('0 12 * * *'));
  const half = scheduled('half', ['*/30 * * * *', '*/30 * * * *']);
  const types = new Registry([...daily, ...half]);

  /** As others leave them, who know more types, or knew them. */
  const registerStrangers = async (count: number): Promise<void> => {
    const crons = Array.from<string>({ length: count }).fill('8 * * * *');
    await registerSchedules(db, new Registry(scheduled('strange', crons)));
  };

  const made = async (): Promise<string[]> => {
    const { rows } = await db.query<{ made: string }>(
      `select count(*) || ' ' || split_part(type, '.', 1) as made from humdrum.job
       group by split_part(type, '.', 1) order by split_part(type, '.', 1)`,
    );
    return rows.map((row) => row.made);
  };

  it('fires those of its own that are due, and none of the others', async () => {
    await registerSchedules(db, types);
    expect(await fireTicks(db, types)).toBe(0);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(23 * 60_000);
    await moveTo('2026-03-01T10:30:00Z');
    expect(await fireTicks(db, types)).toBe(2);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(30 * 60_000);
    await moveTo('2026-03-01T12:00:00Z');
    expect(await fireTicks(db, types)).toBe(MANY + 2);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(30 * 60_000);
    expect(await made()).toEqual([`${MANY} daily`, '4 half']);
  });

  it.each([1, 99, 100, 350])('sees them behind %i that nobody fires', async (count) => {
    await registerStrangers(count);
    await registerSchedules(db, types);
    await moveTo('2026-03-01T10:29:59Z');
    expect(await fireTicks(db, types)).toBe(0);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(1_000);
    await moveTo('2026-03-01T10:30:00Z');
    expect(await fireTicks(db, types)).toBe(2);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(30 * 60_000);
    expect(await made()).toEqual(['2 half']);
  });

  it('has nothing to wait for where only others have ticks to come', async () => {
    await registerStrangers(150);
    expect(await fireTicks(db, types)).toBe(0);
    expect(await msUntilNextTick(db, types.scheduled)).toBe(null);
  });

  it('are fired by a worker', async () => {
    await registerStrangers(150);
    const { humdrum, events } = await openEngine(db, { jobs: [...daily, ...half] });
    await humdrum.register();
    await moveTo('2026-03-01T12:00:00Z');
    await humdrum.start();
    await events.settled(MANY + 2);
    expect(await made()).toEqual([`${MANY} daily`, '2 half']);
  });
});
