import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import { eachBackend, freshUrl } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { fireTicks } from '../support/verbs.ts';

const START_MS = Date.UTC(2026, 2, 1);
const ROUNDS = 30;
const jobs = [
  job('test.minute', () => null, { schedule: { cron: '* * * * *' } }),
  job('test.each', () => null, { schedule: { cron: '* * * * *', misfire: 'each' } }),
  job('test.five', () => null, { schedule: { cron: '*/5 * * * *', jitterMs: 60_000 } }),
];
const types = new Registry(jobs);

afterEach(() => {
  vi.useRealTimers();
});

/** Every round the clock goes on by three minutes, and all fire at once. */
async function race(on: Database, schedulers: readonly Database[]): Promise<number> {
  const moveTo = await stopClockAt(on, new Date(START_MS).toISOString());
  await Promise.all(schedulers.map((db) => registerSchedules(db, types)));
  let fired = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    await moveTo(new Date(START_MS + round * 180_000).toISOString());
    const made = await Promise.all(schedulers.map((db) => fireTicks(db, types)));
    fired += made.reduce((sum, one) => sum + one, 0);
  }
  return fired;
}

async function expectOneJobATick(db: Database, fired: number): Promise<void> {
  const { rows } = await db.query<{ schedule: string; jobs: number; ticks: number }>(
    `select schedule, count(*) as jobs, count(distinct run_at) as ticks
     from humdrum.job group by schedule order by schedule`,
  );
  const expected = {
    'test.each': 3 * ROUNDS,
    'test.five': (3 * ROUNDS) / 5,
    'test.minute': ROUNDS,
  };
  const byName = Object.entries(expected);
  expect(rows).toEqual(byName.map(([schedule, ticks]) => ({ schedule, jobs: ticks, ticks })));
  expect(fired).toBe(byName.reduce((sum, [, ticks]) => sum + ticks, 0));
}

it('two engines on one server make one job a tick', async () => {
  const url = await freshUrl();
  const [one, other] = await Promise.all([openPostgres(url), openPostgres(url)]);
  try {
    await expectOneJobATick(one, await race(one, [one, other, one, other]));
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
});

eachBackend('schedulers', (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
  });

  it('that race in one process make one job a tick', async () => {
    await expectOneJobATick(db, await race(db, [db, db, db]));
  });

  it.each(['1999-12-31T23:59:59Z', '2100-01-01T00:00:00Z'])(
    'whose process believes that it is %s make the same ticks',
    async (wrong) => {
      vi.useFakeTimers({ toFake: ['Date'], now: new Date(wrong) });
      await expectOneJobATick(db, await race(db, [db, db]));
      const { humdrum } = await openEngine(db, { jobs });
      const [next] = await humdrum.upcomingTicks('test.five', 1);
      expect(next).toEqual(new Date(START_MS + ROUNDS * 180_000 + 300_000));
      const range = { from: new Date(START_MS), to: new Date(START_MS) };
      expect((await humdrum.backfill('test.five', range)).ticks).toEqual([range.from]);
    },
  );
});
