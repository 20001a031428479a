import type { Database, Queryable } from '../database/database.ts';
import { errorMessage, HumdrumError } from '../errors.ts';
import { readClock } from './base/clock.ts';
import { seededRandom } from './base/random.ts';
import { dueTicks, nextTick } from './cron.ts';
import { describeCron } from './describe-cron.ts';
import { enqueue } from './enqueue.ts';
import { isScheduled, type JobType, type ScheduledType } from './job/job-type.ts';
import { limitsOf } from './job/limit-rule.ts';
import type { Asker, Persisting } from './job/new-job.ts';
import type { Registry } from './job/registry.ts';
import { Vault } from './job/secrets.ts';
import { seedOf } from './job/seed.ts';
import { dueNames, fewNames, type Schedules, untilNextTick } from './soonest.ts';

/** What is due to come: the next tick of each schedule, soonest first. */
export interface NextTick {
  schedule: string;
  cron: string;
  timeZone: string;
  nextAt: Date;
}

/** Of the types given here, not of the engine's own. A schedule whose type is gone stays in the table, and fires no more. */
export async function nextTicks(db: Queryable, types: Registry, limit = 10): Promise<NextTick[]> {
  const { rows } = await db.query<NextTick>(
    `select name as schedule, cron, time_zone as "timeZone", next_at as "nextAt" from humdrum.schedule
     where isfinite(next_at) and name = any ($1) order by next_at, name limit $2`,
    [types.ownNames(), limit],
  );
  return rows;
}

/** A schedule as its rule says it, with the next tick from now on. */
export interface ScheduleSummary {
  schedule: string;
  cron: string;
  words: string;
  timeZone: string;
  nextAt: Date | null;
}

export async function listSchedules(db: Queryable, types: Registry): Promise<ScheduleSummary[]> {
  const now = await readClock(db);
  return [...types.scheduled.values()].map(({ type, schedule }) => {
    const { cron, timeZone } = schedule;
    const words = describeCron(cron);
    return { schedule: type, cron, words, timeZone, nextAt: nextTick(schedule, now) };
  });
}

const MAX_UPCOMING = 1_000;

/** The next ticks of a type's schedule, whether anybody is there to fire them or not. Errors: `input-invalid`. */
export async function upcomingTicks(db: Queryable, type: JobType, count: number): Promise<Date[]> {
  const { schedule } = requireScheduled(type);
  if (!Number.isInteger(count) || count < 1 || count > MAX_UPCOMING) {
    throw new HumdrumError(
      'input-invalid',
      `count is a whole number from 1 to ${MAX_UPCOMING}, not ${count}.`,
    );
  }
  const ticks: Date[] = [];
  let tick = nextTick(schedule, await readClock(db));
  while (tick && ticks.length < count) {
    ticks.push(tick);
    tick = nextTick(schedule, tick);
  }
  return ticks;
}

/** Errors: `input-invalid`. */
export function requireScheduled(type: JobType): ScheduledType {
  if (isScheduled(type)) return type;
  throw new HumdrumError('input-invalid', `${type.type} has no schedule.`);
}

/** Writes down the schedules of these types. One whose rule has changed starts anew from now; others keep their place. */
export async function registerSchedules(db: Database, types: Registry): Promise<void> {
  const now = await readClock(db);
  await Promise.all([...types.scheduled.values()].map(requireNoInput));
  const rules = (await changed(db, types)).flatMap(({ type, schedule }) => {
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

/** Those that are not in the table as they are here: to read a rule takes long where there are many. */
async function changed(db: Queryable, types: Registry): Promise<ScheduledType[]> {
  const scheduled = [...types.scheduled.values()];
  if (scheduled.length === 0) return [];
  const { rows } = await db.query<{ place: number }>(
    `select place from unnest($1::text[], $2::text[], $3::text[]) with ordinality as given (name, cron, time_zone, place)
     left join humdrum.schedule using (name)
     where (schedule.cron, schedule.time_zone) is distinct from (given.cron, given.time_zone)`,
    [
      scheduled.map(({ type }) => type),
      scheduled.map(({ schedule }) => schedule.cron),
      scheduled.map(({ schedule }) => schedule.timeZone),
    ],
  );
  return rows.flatMap(({ place }) => scheduled[place - 1] ?? []);
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
  cron: string;
  time_zone: string;
  next_at: Date;
  now: Date;
}

const MAX_DUE = 1_000;

/**
 * Makes the jobs of every schedule that has come due. Any number of machines may do so at once. `nextMs`: how long until
 * the next tick of these types; null if there is none.
 */
export async function fireDue(
  db: Database,
  types: Registry,
  persisting: Persisting = { limits: limitsOf({}), vault: new Vault([]) },
): Promise<{ fired: number; nextMs: number | null }> {
  const known = types.scheduled;
  if (known.size === 0) return { fired: 0, nextMs: null };
  const next = await untilNextTick(db, known);
  if (next === null || next > 0) return { fired: 0, nextMs: next };
  const fired = await db.transaction((tx) => fire(tx, known, persisting));
  return { fired, nextMs: await untilNextTick(db, known) };
}

async function fire(tx: Queryable, known: Schedules, persisting: Persisting): Promise<number> {
  const { rows } = await tx.query<DueRow>(
    `select name, cron, time_zone, next_at, clock.now from humdrum.schedule, (select humdrum.clock() as now) as clock
     where name = any ($1) and next_at <= clock.now order by next_at limit ${MAX_DUE} for update of schedule skip locked`,
    [fewNames(known) ?? (await dueNames(tx, known, MAX_DUE))],
  );
  const due = rows.flatMap(({ name, cron, time_zone: timeZone, next_at: first, now }) => {
    const type = known.get(name);
    // The rule is the table's: another version of the program may have changed it while this one runs.
    return type ? [{ type, ...dueTicks({ ...type.schedule, cron, timeZone }, first, now) }] : [];
  });
  const ticks = due.flatMap(({ type, run }) =>
    run.map((at) => ({ type, at, dueAt: jittered(type, at) })),
  );
  const made = await makeTickJobs(tx, ticks, { actor: null, ...persisting });
  await tx.query(
    `update humdrum.schedule set next_at = due.next_at
     from unnest($1::text[], $2::timestamptz[]) as due (name, next_at) where schedule.name = due.name`,
    [
      due.map(({ type }) => type.type),
      due.map(({ next: nextAt }) => nextAt?.toISOString() ?? 'infinity'),
    ],
  );
  return made.length;
}

/** The delay belongs to the tick: whoever fires it, and however often, it is the same. */
function jittered({ type, schedule }: ScheduledType, tick: Date): Date {
  const random = seededRandom(`jitter:${type}:${tick.toISOString()}`);
  return new Date(tick.getTime() + Math.floor(random() * (schedule.jitterMs + 1)));
}

interface Tick {
  type: ScheduledType;
  at: Date;
  dueAt: Date;
}

/**
 * Makes a job for each of these ticks that has none, oldest first, and answers which. A tick is a row, and its key lets
 * one of all who want it have it. Its job draws the same numbers and ids as a rehearsal at that instant.
 */
export async function makeTickJobs(
  tx: Queryable,
  ticks: readonly Tick[],
  by: Asker,
): Promise<{ at: Date; id: number }[]> {
  const { rows } = await tx.query<{ place: number }>(
    // In order, so that two who want the same ticks never wait for each other in a circle.
    `with wanted as (
       select * from unnest($1::text[], $2::timestamptz[]) with ordinality as wanted (schedule, at, place)
     ),
     tick as (
       insert into humdrum.tick (schedule, at) select schedule, at from wanted order by schedule, at
       on conflict do nothing returning schedule, at
     )
     select place from wanted join tick using (schedule, at) order by at, place`,
    [ticks.map(({ type }) => type.type), ticks.map(({ at }) => at.toISOString())],
  );
  const mine = rows.flatMap(({ place }) => ticks[place - 1] ?? []);
  const jobs = mine.map(({ type, at, dueAt }) => ({
    type,
    runAt: at,
    dueAt,
    schedule: type.type,
    seed: seedOf(type, {}, at),
    ...OVERLAP[by.actor === null ? type.schedule.overlap : IN_BACKFILL[type.schedule.overlap]],
  }));
  const enqueued = await enqueue(tx, jobs, by);
  const made = mine.map(({ type, at }, place) => ({ type, at, ...enqueued[place] }));
  await noteJobs(
    tx,
    made.filter(({ created }) => created),
  );
  await noteSkipped(
    tx,
    made.filter(({ created }) => !created),
  );
  return made.flatMap(({ at, id, created }) => (created && id !== undefined ? [{ at, id }] : []));
}

const OVERLAP = {
  allow: {},
  queue: { inTurn: true },
  skip: { unique: { key: 'humdrum.overlap' } },
};

/** Whoever asks for ticks of the past wants all of them. */
const IN_BACKFILL = { allow: 'allow', queue: 'queue', skip: 'queue' } as const;

interface Made {
  type: ScheduledType;
  at: Date;
  id?: number;
}

/** Which job each tick made. */
async function noteJobs(tx: Queryable, ticks: readonly Made[]): Promise<void> {
  if (ticks.length === 0) return;
  await tx.query(
    `update humdrum.tick set job_id = made.id from unnest($1::text[], $2::timestamptz[], $3::bigint[]) as made (schedule, at, id)
     where (tick.schedule, tick.at) = (made.schedule, made.at)`,
    [
      ticks.map(({ type }) => type.type),
      ticks.map(({ at }) => at.toISOString()),
      ticks.map(({ id }) => id ?? null),
    ],
  );
}

/** A tick that was skipped made no job: the audit tells why. */
async function noteSkipped(tx: Queryable, ticks: readonly Made[]): Promise<void> {
  if (ticks.length === 0) return;
  await tx.query(
    `insert into humdrum.audit (at, event, actor, reason)
     select humdrum.clock(), 'skipped', 'schedule:' || schedule,
       'tick ' || at || ': job ' || open || ' of an earlier one had not ended'
     from unnest($1::text[], $2::text[], $3::bigint[]) as given (schedule, at, open)`,
    [
      ticks.map(({ type }) => type.type),
      ticks.map(({ at }) => at.toISOString()),
      ticks.map(({ id }) => id ?? null),
    ],
  );
}
