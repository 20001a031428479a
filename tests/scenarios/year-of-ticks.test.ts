import { beforeAll, expect, it } from 'vitest';
import { seededRandom } from '../../src/engine/base/random.ts';
import { Registry } from '../../src/engine/job/registry.ts';
import { registerSchedules } from '../../src/engine/register/schedules.ts';
import type { ScheduleRule } from '../../src/index.ts';
import { fieldsOf, ticksOf, walk } from '../support/cron-oracle.ts';
import { ALL, anyBackend } from '../support/databases.ts';
import { job, stopClockAt } from '../support/engine.ts';
import { fireTicks } from '../support/verbs.ts';

const START_MS = Date.UTC(2026, 0, 1, 0, 0, 30);
/** In the short run until each zone that changes its clocks in spring or for Ramadan has done so. */
const END_MS = ALL ? Date.UTC(2027, 0, 1) : Date.UTC(2026, 3, 16);
const MINUTE_MS = 60_000;

const ZONES = [
  'UTC',
  'America/New_York',
  'America/Nuuk',
  'Europe/Berlin',
  'Africa/Casablanca',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
];
const CRONS = [
  '*/10 * * * *',
  '0 * * * *',
  '15,45 */2 * * *',
  '30 23 * * *',
  '30 1,2 * * *',
  '0 3 * * sun',
  '0 0 1 * *',
  '*/20 8-18 * * mon-fri',
  '0 12 13 * 5',
  '59 23 31 12 *',
];
const MISFIRES = ['each', 'once', 'skip'] as const;

interface Scheduled {
  name: string;
  rule: Required<ScheduleRule>;
}

/** Fifty, in which every zone meets all sorts of rules, and every rule each way with what was missed. */
const schedules = Array.from({ length: 50 }, (_, place): Scheduled => {
  const cron = CRONS[place % CRONS.length] ?? '';
  const timeZone = ZONES[(place + Math.floor(place / 10)) % ZONES.length] ?? '';
  const misfire = MISFIRES[(place + Math.floor(place / 10)) % MISFIRES.length] ?? 'once';
  const rule = {
    cron,
    timeZone,
    misfire,
    misfireLimit: 1 + (place % 7),
    jitterMs: place * 1_000,
    overlap: 'allow' as const,
  };
  return { name: `test.schedule-${place}`, rule };
});

/** When somebody looks: mostly every few minutes or hours, sometimes after days; always in the last moment. */
function looks(): number[] {
  const random = seededRandom('a year of ticks');
  const instants: number[] = [];
  for (let nowMs = START_MS; nowMs < END_MS; instants.push(Math.min(nowMs, END_MS))) {
    const kind = random();
    const most = kind < 0.5 ? 12 : kind < 0.85 ? 12 * 60 : kind < 0.97 ? 3 * 1_440 : 9 * 1_440;
    nowMs += Math.ceil(random() * most) * MINUTE_MS - (random() < 0.5 ? 30_000 : 0);
  }
  return instants;
}

/** What the policy says, by a plain list of all ticks and a finger that moves along it. */
function expectedTicks({ rule }: Scheduled, ticks: readonly number[]): number[] {
  const run: number[] = [];
  let finger = ticks.findIndex((tick) => tick > START_MS);
  for (const nowMs of looks()) {
    let next = finger;
    while ((ticks[next] ?? Infinity) <= nowMs) next += 1;
    const missed = ticks.slice(finger, next);
    if (rule.misfire === 'each') run.push(...missed.slice(0, rule.misfireLimit));
    else if (rule.misfire === 'once') run.push(...missed.slice(-1));
    else run.push(...missed.filter((tick) => tick >= nowMs - MINUTE_MS));
    finger = next;
  }
  return run;
}

const expected = new Map<string, number[]>();

beforeAll(() => {
  for (const zone of ZONES) {
    const year = walk(zone, Date.UTC(2026, 0), END_MS + 2 * MINUTE_MS);
    const shown = year.locals.map(fieldsOf);
    for (const scheduled of schedules.filter(({ rule }) => rule.timeZone === zone)) {
      const ticks = ticksOf(scheduled.rule.cron, year, shown);
      expected.set(scheduled.name, expectedTicks(scheduled, ticks));
    }
  }
}, 180_000);

anyBackend('fifty schedules over months', (fresh) => {
  it('has every tick once, and no other', { timeout: 180_000 }, async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, new Date(START_MS).toISOString());
    const types = new Registry(
      schedules.map(({ name, rule }) => job(name, () => null, { schedule: rule })),
    );
    await registerSchedules(db, types);
    let fired = 0;
    for (const nowMs of looks()) {
      await moveTo(new Date(nowMs).toISOString());
      fired += await fireTicks(db, types);
    }
    const { rows } = await db.query<{ schedule: string; ticks: number[] }>(
      `select schedule, array_agg((extract(epoch from run_at) * 1000)::float8 order by run_at, id) as ticks
       from humdrum.job group by schedule`,
    );
    const made = new Map(rows.map(({ schedule, ticks }) => [schedule, ticks]));
    for (const { name, rule } of schedules) {
      expect({ ...rule, ticks: made.get(name) ?? [] }).toEqual({
        ...rule,
        ticks: expected.get(name),
      });
    }
    expect(fired).toBe([...made.values()].flat().length);
    expect(fired).toBeGreaterThan(ALL ? 10_000 : 2_500);
  });
});
