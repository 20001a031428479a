import type { Database, Queryable } from '../../database/database.ts';
import { seededRandom } from '../base/random.ts';
import type { ScheduledType } from '../job/job-type.ts';
import { limitsOf } from '../job/limit-rule.ts';
import type { EnqueueSettings } from '../job/new-job.ts';
import type { Registry } from '../job/registry.ts';
import { Vault } from '../job/secrets.ts';
import { dueTicks } from './cron.ts';
import { dueNames, namesIfFew, type Schedules, msUntilNextTick } from './next-due.ts';
import { makeTickJobs } from './tick-jobs.ts';

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
  persisting: EnqueueSettings = { limits: limitsOf({}), vault: new Vault([]) },
): Promise<{ fired: number; nextMs: number | null }> {
  const known = types.scheduled;
  if (known.size === 0) return { fired: 0, nextMs: null };
  const next = await msUntilNextTick(db, known);
  if (next === null || next > 0) return { fired: 0, nextMs: next };
  const fired = await db.transaction((tx) => fire(tx, known, persisting));
  return { fired, nextMs: await msUntilNextTick(db, known) };
}

async function fire(tx: Queryable, known: Schedules, persisting: EnqueueSettings): Promise<number> {
  const { rows } = await tx.query<DueRow>(
    `select name, cron, time_zone, next_at, clock.now from humdrum.schedule, (select humdrum.clock() as now) as clock
     where name = any ($1) and next_at <= clock.now order by next_at limit ${MAX_DUE} for update of schedule skip locked`,
    [namesIfFew(known) ?? (await dueNames(tx, known, MAX_DUE))],
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
