import type { Queryable } from '../../database/database.ts';
import { signature } from '../job/job-type.ts';
import type { Outcome } from '../job/outcome.ts';
import { ALIVE } from './fence.ts';
import { freeHolds } from './free-holds.ts';
import { columnOf, rowsOf, type Column } from './row-columns.ts';
import { holdersIn, leasesOf, type Settlement } from './settlement.ts';

// The jobs leave their lease in this statement: otherwise a rescue of that lease would make them due a second time. A lease
// that has passed is not touched, and neither are its jobs.
const postponeSql = (given: string, freed: string): string => `
with ${ALIVE},
given as materialized (${given}),
mine as materialized (
  select held.id, held.jobs, held.attempts, lease.worker_id, lease.now
  from humdrum.lease as held join lease on lease.id = held.id for update of held
),
held as materialized (
  select mine.id as lease_id, one.job_id, one.number, given.job_id is not null as postponed
  from mine cross join lateral unnest(mine.jobs, mine.attempts) as one (job_id, number)
  left join given on (given.lease_id, given.job_id, given.number) = (mine.id, one.job_id, one.number)
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
  select given.*, mine.worker_id, mine.now from held join given using (lease_id, job_id, number) join mine on mine.id = held.lease_id
),
later as (
  insert into humdrum.later (job_id, run_at, rank, attempt, queue, type, gate)
  select job_id, now + wait_ms * interval '1 millisecond', rank, number, queue, type, gate from moved
),${freed}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select now, job_id, number, 'released', 'worker:' || worker_id, reason from moved
)
select count(*) as postponed from moved`;

export function isPostponed({ outcome }: { outcome: Outcome }): boolean {
  return 'error' in outcome.ended && outcome.ended.postponed === true;
}

/** Gives jobs back that are due again later, at no cost of an attempt. Sending the same again does no harm. */
export async function postpone(db: Queryable, settlements: readonly Settlement[]): Promise<void> {
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
        'error' in ended ? (ended.retryAfterMs ?? 0) : 0,
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
  await db.query(postponeSql(given, freed), params);
}
