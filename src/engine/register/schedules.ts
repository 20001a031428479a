import type { Database, Queryable } from '../../database/database.ts';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { readClock } from '../base/clock.ts';
import type { ScheduledType } from '../job/job-type.ts';
import type { Registry } from '../job/registry.ts';
import { nextTickOf } from '../schedule/cron.ts';

/** Records the schedules of these types. The next tick of a new or changed rule is computed from now; the others keep theirs. */
export async function registerSchedules(db: Database, types: Registry): Promise<void> {
  const now = await readClock(db);
  await Promise.all([...types.scheduled.values()].map(requireNoInput));
  const rules = (await changed(db, types)).flatMap(({ type, schedule }) => {
    const next = nextTickOf({ type, schedule }, now);
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

/** The schedules that are missing in the table or differ from it. Only their rules are parsed, which is slow for many. */
export async function changed(db: Queryable, types: Registry): Promise<ScheduledType[]> {
  const scheduled = [...types.scheduled.values()];
  if (scheduled.length === 0) return [];
  const { rows } = await db.query<{ ordinal: number }>(
    `select ordinal from unnest($1::text[], $2::text[], $3::text[]) with ordinality as given (name, cron, time_zone, ordinal)
     left join humdrum.schedule using (name)
     where (schedule.cron, schedule.time_zone) is distinct from (given.cron, given.time_zone)`,
    [
      scheduled.map(({ type }) => type),
      scheduled.map(({ schedule }) => schedule.cron),
      scheduled.map(({ schedule }) => schedule.timeZone),
    ],
  );
  return rows.flatMap(({ ordinal }) => scheduled[ordinal - 1] ?? []);
}

/** Ticks have no input, so a schema that requires one would fail at every tick. Checked at the start instead. */
async function requireNoInput(type: ScheduledType): Promise<void> {
  try {
    await type.parse({});
  } catch (cause) {
    throw new HumdrumError(
      'type-invalid',
      `${type.type} has a schedule, so every field of its input must have a default. ${errorMessage(cause)}`,
      { cause },
    );
  }
}
