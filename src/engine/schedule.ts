import type { Database, Queryable } from '../database/database.ts';
import { errorMessage, HumdrumError } from '../errors.ts';
import { readClock } from './clock.ts';
import { dueTicks, nextTick } from './cron.ts';
import { enqueue } from './enqueue.ts';
import type { JobType } from './job-type.ts';
import type { Limits } from './limit.ts';
import type { Registry } from './registry.ts';

/** What is due to come: the next tick of each schedule, soonest first. */
export interface NextTick {
  schedule: string;
  cron: string;
  timeZone: string;
  nextAt: Date;
}

/** Of the types known here: a schedule whose type is gone stays in the table, and fires no more. */
export async function nextTicks(db: Queryable, types: Registry, limit = 10): Promise<NextTick[]> {
  const { rows } = await db.query<NextTick>(
    `select name as schedule, cron, time_zone as "timeZone", next_at as "nextAt" from humdrum.schedule
     where isfinite(next_at) and name = any ($1) order by next_at, name limit $2`,
    [types.names(), limit],
  );
  return rows;
}

type ScheduledType = JobType & { schedule: NonNullable<JobType['schedule']> };

function scheduled(types: Registry): ScheduledType[] {
  return types.all().filter((type): type is ScheduledType => type.schedule !== null);
}

/** Writes down the schedules of these types. One whose rule has changed starts anew from now; others keep their place. */
export async function registerSchedules(db: Database, types: Registry): Promise<void> {
  const now = await readClock(db);
  await Promise.all(scheduled(types).map(requireNoInput));
  const rules = scheduled(types).flatMap(({ type, schedule }) => {
    const next = nextTick(schedule, now);
    return next
      ? [{ name: type, cron: schedule.cron, zone: schedule.timeZone, next: next.toISOString() }]
      : [];
  });
  if (rules.length === 0) return;
  await db.query(
    `insert into humdrum.schedule (name, cron, time_zone, next_at)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
     on conflict (name) do update set cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at
     where (schedule.cron, schedule.time_zone) is distinct from (excluded.cron, excluded.time_zone)`,
    [
      rules.map(({ name }) => name),
      rules.map(({ cron }) => cron),
      rules.map(({ zone }) => zone),
      rules.map(({ next }) => next),
    ],
  );
}

/** A tick brings no input, so a schema that wants one would fail at every tick: better told at the start. */
async function requireNoInput(type: ScheduledType): Promise<void> {
  try {
    await type.parse({});
  } catch (cause) {
    throw new HumdrumError(
      'type-invalid',
      `${type.type} has a schedule, so its input must have a default for everything. ${errorMessage(cause)}`,
      { cause },
    );
  }
}

interface DueRow {
  name: string;
  next_at: Date;
  now: Date;
}

/**
 * Makes the jobs of every schedule that has come due. Any number of machines may do so at once: a tick is a row, and its
 * key lets one of them have it. `nextMs`: how long until the next tick of these types; null if there is none.
 */
export async function fireDue(
  db: Database,
  types: Registry,
  limits: Limits = new Map(),
): Promise<{ fired: number; nextMs: number | null }> {
  const known = scheduled(types);
  if (known.length === 0) return { fired: 0, nextMs: null };
  const names = known.map(({ type }) => type);
  const next = await untilNext(db, names);
  if (next === null || next > 0) return { fired: 0, nextMs: next };
  const fired = await db.transaction(async (tx) => {
    const due = await tx.query<DueRow>(
      `select name, next_at, clock.now from humdrum.schedule, (select humdrum.clock() as now) as clock
       where name = any ($1) and next_at <= clock.now order by next_at limit 1000 for update of schedule skip locked`,
      [names],
    );
    let made = 0;
    for (const row of due.rows) {
      const type = known.find(({ type: name }) => name === row.name);
      if (type) made += await fire(tx, type, row, limits);
    }
    return made;
  });
  return { fired, nextMs: await untilNext(db, names) };
}

async function untilNext(db: Queryable, names: string[]): Promise<number | null> {
  const { rows } = await db.query<{ ms: number | null }>(
    `select (extract(epoch from min(next_at) - humdrum.clock()) * 1000)::float8 as ms
     from humdrum.schedule where name = any ($1)`,
    [names],
  );
  return rows[0]?.ms ?? null;
}

async function fire(
  tx: Queryable,
  type: ScheduledType,
  row: DueRow,
  limits: Limits,
): Promise<number> {
  const { run, next } = dueTicks(type.schedule, row.next_at, row.now);
  const mine = await tx.query<{ at: Date }>(
    `insert into humdrum.tick (schedule, at) select $1, at from unnest($2::timestamptz[]) as at
     on conflict do nothing returning at`,
    [row.name, run.map((tick) => tick.toISOString())],
  );
  const ticks = mine.rows.map(({ at }) => at).toSorted((a, b) => a.getTime() - b.getTime());
  await enqueue(
    tx,
    ticks.map((runAt) => ({ type, runAt, schedule: row.name })),
    { actor: `schedule:${row.name}`, limits },
  );
  await tx.query(`update humdrum.schedule set next_at = $2 where name = $1`, [
    row.name,
    next?.toISOString() ?? 'infinity',
  ]);
  return ticks.length;
}
