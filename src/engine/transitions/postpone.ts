import type { Queryable } from '../../database/database.ts';
import { signature } from '../job/job-type.ts';
import type { Outcome } from '../job/outcome.ts';
import { ALIVE } from './fence.ts';
import { freeHolds } from './free-holds.ts';
import { type Column, columnOf, rowsOf } from './row-columns.ts';
import { attemptKey, holdersIn, leasesOf, type Settlement } from './settlement.ts';

/** An attempt is not counted so often at most. Whoever asks for it names the wait. */
const MAX_BY_DATABASE = 10;
const MAX_BY_HANDLER = 1_000;
/** Doubles with each loss of the job. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

// The jobs leave their lease in this statement: otherwise a rescue of that lease would make them due a second time. A lease
// that has passed is not touched, and neither are its jobs. `kind`: the loss is recorded, and may set the wait.
const postponeSql = (given: string, freed: string): string => `
with ${ALIVE},
given as materialized (${given}),
mine as materialized (
  select held.id, held.jobs, held.attempts, lease.worker_id, lease.now
  from humdrum.lease as held join lease on lease.id = held.id for update of held
),
due as materialized (
  select given.*, before.noted, coalesce(wait_ms, least(${FIRST_WAIT_MS} * 2 ^ before.losses, ${LONGEST_WAIT_MS})) as due_ms
  from given cross join lateral (
    select count(*) as noted, count(*) filter (where loss.kind = given.kind) as losses
    from humdrum.loss where loss.job_id = given.job_id and given.kind is not null
  ) as before
  where before.losses < case given.kind when 'database' then ${MAX_BY_DATABASE} else ${MAX_BY_HANDLER} end
),
held as materialized (
  select mine.id as lease_id, one.job_id, one.number, due.job_id is not null as postponed
  from mine cross join lateral unnest(mine.jobs, mine.attempts) as one (job_id, number)
  left join due on (due.lease_id, due.job_id, due.number) = (mine.id, one.job_id, one.number)
),
kept as materialized (
  select lease_id, array_agg(job_id) as jobs, array_agg(number) as attempts from held where not postponed group by lease_id
),
shrunk as (
  update humdrum.lease set jobs = kept.jobs, attempts = kept.attempts from kept where lease.id = kept.lease_id
),
emptied as (
  delete from humdrum.lease using mine where lease.id = mine.id and not exists (select from kept where lease_id = mine.id)
),
moved as materialized (
  select due.*, mine.worker_id, mine.now from held join due using (lease_id, job_id, number) join mine on mine.id = held.lease_id
),
loss as (
  insert into humdrum.loss (job_id, ordinal, kind, number, worker_id, at, reason)
  select job_id, noted + 1, kind, number, worker_id, now, reason from moved where kind is not null
),
later as (
  insert into humdrum.later (job_id, run_at, rank, attempt, queue, type, gate)
  select job_id, now + due_ms * interval '1 millisecond', rank, number, queue, type, gate from moved
),${freed}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select now, job_id, number, 'released', 'worker:' || worker_id, reason from moved
)
select coalesce(json_agg(job_id || '/' || number), '[]') as "overdrawn" from given
where kind is not null and not exists (select from due where due.job_id = given.job_id)`;

export function isPostponed({ outcome }: { outcome: Outcome }): boolean {
  return 'error' in outcome.ended && outcome.ended.postponed !== undefined;
}

/**
 * Gives jobs back that are due again later, at no cost of an attempt. Returns those that were given back for a loss too often
 * already: they stay where they are. Sending the same again does no harm.
 */
export async function postpone(
  db: Queryable,
  settlements: readonly Settlement[],
): Promise<Settlement[]> {
  const column = (name: string, type: string, of: (settlement: Settlement) => unknown): Column =>
    columnOf(name, type, settlements.map(of), name === 'job_id');
  const params: unknown[] = [leasesOf(settlements)];
  const given = rowsOf(
    [
      column('lease_id', 'bigint', ({ job }) => job.leaseId),
      column('job_id', 'bigint', ({ job }) => job.id),
      column('number', 'smallint', ({ job }) => job.attempt),
      column('rank', 'integer', ({ job }) => job.rank),
      column('queue', 'text', ({ job }) => job.queue),
      column('type', 'text', ({ job }) => signature(job.type, job.version)),
      column('gate', 'text', ({ job }) => job.ties?.gate ?? null),
      column('wait_ms', 'float8', ({ outcome: { ended } }) =>
        'error' in ended ? ended.retryAfterMs : 0,
      ),
      column('kind', 'text', ({ outcome: { ended } }) =>
        'error' in ended && ended.postponed !== 'held' ? (ended.postponed ?? null) : null,
      ),
      column('reason', 'text', ({ outcome: { ended } }) =>
        'error' in ended ? ended.error.message : null,
      ),
    ],
    params,
  );
  const holders = holdersIn(settlements);
  const freed =
    holders.length === 0
      ? ''
      : freeHolds({
          from: 'moved',
          ended: 'false',
          among: `$${params.push(holders)}::bigint[]`,
        });
  const { rows } = await db.query<{ overdrawn: string[] }>(postponeSql(given, freed), params);
  const overdrawn = new Set(rows[0]?.overdrawn);
  return settlements.filter(({ job }) => overdrawn.has(attemptKey(job)));
}
