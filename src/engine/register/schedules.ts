import type { Database, Queryable } from '../../database/database.ts';
import { errorMessage, HumdrumError } from '../../errors.ts';
import type { ScheduledType } from '../job/job-type.ts';
import type { Registry } from '../job/registry.ts';
import { isStale, nextTickOf } from '../schedule/cron.ts';

/** The types of the schedules that this process has another rule for, and that stay as they are. */
export interface Registered {
  kept: string[];
}

/**
 * Records the schedules of these types. A rule that was replaced before belongs to an older program: it is not recorded while a
 * live worker has the rule in the table. Errors: `type-invalid`.
 */
export async function registerSchedules(
  db: Database,
  types: Registry,
  actor: string | null = null,
): Promise<Registered> {
  const scheduled = [...types.scheduled.values()];
  await Promise.all(scheduled.map(requireNoInput));
  return record(db, scheduled, actor);
}

/** Takes back the rules of these types that others have replaced, once no live worker has the other rule. */
export async function takeBackSchedules(
  db: Database,
  types: Registry,
  actor: string,
): Promise<void> {
  const { rows } = await db.query<{ name: string; cron: string; zone: string }>(
    'select schedule as name, cron, time_zone as zone from humdrum.replaced_rule',
  );
  const own = rows.flatMap(({ name, cron, zone }) => {
    const type = types.scheduled.get(name);
    return type?.schedule.cron === cron && type.schedule.timeZone === zone ? [type] : [];
  });
  if (own.length > 0) await record(db, own, actor);
}

async function record(
  db: Database,
  scheduled: readonly ScheduledType[],
  actor: string | null,
): Promise<Registered> {
  if ((await differing(db, scheduled)).length === 0) return { kept: [] };
  return db.transaction(async (tx) => {
    await tx.query(LOCK, columnsOf(scheduled));
    const rows = await differing(tx, scheduled);
    const isKept = ({ kept }: Differing): boolean => kept;
    const rules = rows.filter((row) => !isKept(row)).map(nextOf);
    if (rules.length > 0) await replace(tx, rules, actor);
    return { kept: rows.filter(isKept).map(({ type }) => type.type) };
  });
}

interface Differing {
  type: ScheduledType;
  /** Of the rule in the table. Null if there is none. */
  nextAt: Date | null;
  kept: boolean;
  now: Date;
}

type Columns = [names: string[], crons: string[], zones: string[]];

function columnsOf(scheduled: readonly ScheduledType[]): Columns {
  return [
    scheduled.map(({ type }) => type),
    scheduled.map(({ schedule }) => schedule.cron),
    scheduled.map(({ schedule }) => schedule.timeZone),
  ];
}

/** In one order, so that two programs that start at once wait for each other. */
const LOCK = `
select from humdrum.schedule join unnest($1::text[], $2::text[], $3::text[]) as given (name, cron, time_zone) using (name)
where (schedule.cron, schedule.time_zone) is distinct from (given.cron, given.time_zone)
order by schedule.name for update of schedule`;

/** A program records its rules shortly before its worker joins. */
const JOINING = `interval '10 seconds'`;

const DIFFERING = `
with given as (
  select * from unnest($1::text[], $2::text[], $3::text[]) with ordinality as given (name, cron, time_zone, ordinal)
)
select ordinal, nullif(schedule.next_at, 'infinity') as "nextAt", clock.now,
  exists (
    select from humdrum.replaced_rule as old
    where old.schedule = given.name and (old.cron, old.time_zone) = (given.cron, given.time_zone)
  ) and (
    exists (
      select from humdrum.worker where expires_at > clock.now and lost_at is null
        and concat_ws(' ', schedule.name, schedule.cron, schedule.time_zone) = any (rules)
    ) or exists (
      select from humdrum.replaced_rule as old
      where old.schedule = given.name and replaced_at between clock.now - ${JOINING} and clock.now
    )
  ) as kept
from given left join humdrum.schedule using (name), (select humdrum.clock() as now) as clock
where (schedule.cron, schedule.time_zone) is distinct from (given.cron, given.time_zone)`;

/** The schedules that are missing in the table or differ from it. Only their rules are parsed, which is slow for many. */
async function differing(db: Queryable, scheduled: readonly ScheduledType[]): Promise<Differing[]> {
  if (scheduled.length === 0) return [];
  const { rows } = await db.query<Omit<Differing, 'type'> & { ordinal: number }>(
    DIFFERING,
    columnsOf(scheduled),
  );
  return rows.flatMap(({ ordinal, ...rest }) => {
    const type = scheduled[ordinal - 1];
    return type ? [{ type, ...rest }] : [];
  });
}

interface NewRule {
  type: ScheduledType;
  next: string;
}

/** A new rule starts from now. If the old one has missed a tick, it starts from that tick, so that no night is left out. */
function nextOf({ type, nextAt, now }: Differing): NewRule {
  const hasMissed = nextAt !== null && nextAt <= now && !isStale(nextAt, now);
  const from = hasMissed ? new Date(nextAt.getTime() - 1) : now;
  return { type, next: nextTickOf(type, from)?.toISOString() ?? 'infinity' };
}

const REPLACE = `
with given as (
  select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as given (name, cron, time_zone, next_at)
),
replaced as (
  select schedule.name, schedule.cron, schedule.time_zone, given.cron || ' in ' || given.time_zone as by_rule
  from given join humdrum.schedule using (name)
  where (schedule.cron, schedule.time_zone) is distinct from (given.cron, given.time_zone)
),
remembered as (
  insert into humdrum.replaced_rule (schedule, cron, time_zone, replaced_at)
  select name, cron, time_zone, humdrum.clock() from replaced
  on conflict (schedule, cron, time_zone) do update set replaced_at = excluded.replaced_at
),
forgotten as (
  delete from humdrum.replaced_rule as old using given
  where (old.schedule, old.cron, old.time_zone) = (given.name, given.cron, given.time_zone)
),
audit as (
  insert into humdrum.audit (at, event, actor, reason)
  select humdrum.clock(), 'configured', coalesce($5, 'schedule:' || name),
    'schedule ' || name || ': ' || by_rule || ', before: ' || cron || ' in ' || time_zone
  from replaced order by name
)
insert into humdrum.schedule (name, cron, time_zone, next_at, aimed_at)
select name, cron, time_zone, next_at, humdrum.clock() from given order by name
on conflict (name) do update
set cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at, aimed_at = excluded.aimed_at
where (schedule.cron, schedule.time_zone) is distinct from (excluded.cron, excluded.time_zone)`;

const MOST_REPLACED = 20;

/** Those that were replaced first. */
const FORGET_OLDEST = `
delete from humdrum.replaced_rule where (schedule, cron, time_zone) in (
  select schedule, cron, time_zone from (
    select *, row_number() over (partition by schedule order by replaced_at desc) as nth
    from humdrum.replaced_rule where schedule = any ($1)
  ) as old where nth > ${MOST_REPLACED}
)`;

async function replace(
  tx: Queryable,
  rules: readonly NewRule[],
  actor: string | null,
): Promise<void> {
  const columns = columnsOf(rules.map(({ type }) => type));
  await tx.query(REPLACE, [...columns, rules.map(({ next }) => next), actor]);
  await tx.query(FORGET_OLDEST, [columns[0]]);
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
