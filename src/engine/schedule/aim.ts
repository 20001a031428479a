import type { Queryable } from '../../database/database.ts';
import { nextTick } from './cron.ts';
import { isSetAside, type Schedules } from './set-aside.ts';

interface Early {
  name: string;
  cron: string;
  timeZone: string;
  now: Date;
}

const EARLY = `
select name, cron, time_zone as "timeZone", clock.now from humdrum.schedule, (select humdrum.clock() as now) as clock
where aimed_at > clock.now and next_at > clock.now and isfinite(next_at)`;

/**
 * After the database's clock was set back, computes the next ticks of these schedules anew: they would lie too far in the
 * future. An instant that fired before does not fire again, as `tick` has its row. Safe to run on many machines at once.
 */
export async function aimAnew(db: Queryable, known: Schedules): Promise<void> {
  if (known.size === 0) return;
  const { rows } = await db.query<Early>(EARLY);
  const aims = rows.flatMap(({ name, cron, timeZone, now }) => {
    if (!known.has(name) || isSetAside(known, name)) return [];
    const next = nextOrNull({ cron, timeZone }, now);
    return next ? [{ name, next: next.toISOString() }] : [];
  });
  if (aims.length === 0) return;
  await db.query(
    `update humdrum.schedule set next_at = least(schedule.next_at, aim.next_at), aimed_at = humdrum.clock()
     from unnest($1::text[], $2::timestamptz[]) as aim (name, next_at)
     where schedule.name = aim.name and schedule.aimed_at > humdrum.clock()`,
    [aims.map(({ name }) => name), aims.map(({ next }) => next)],
  );
}

/** Null also for a rule that cannot be read: that is told when its tick is due. */
function nextOrNull(rule: { cron: string; timeZone: string }, after: Date): Date | null {
  try {
    return nextTick(rule, after);
  } catch {
    return null;
  }
}
