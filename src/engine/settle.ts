import type { Queryable } from '../database/database.ts';
import type { ClaimedJob } from './claim.ts';
import { enqueueDeliveries, isDeliverable } from './enqueue-deliveries.ts';
import type { ErrorFact } from './error-fact.ts';
import type { Outcome } from './execute.ts';
import { retryDelayMs } from './backoff.ts';
import { signature, type JobType } from './job-type.ts';

export interface Settlement {
  readonly job: ClaimedJob;
  readonly type: JobType;
  readonly outcome: Outcome;
}

/**
 * Records how attempts ended, one statement for each kind of end. Every write is fenced twice: the lease must still be
 * a living worker's, and of two that would record one attempt the primary key lets one. Answers the settlements that
 * were refused. `drained`: leases whose last jobs these are. Sending the same again does no harm. Where some of them are
 * deliverable it must be given a transaction.
 */
export async function settle(
  db: Queryable,
  settlements: readonly Settlement[],
  drained: readonly number[],
): Promise<Settlement[]> {
  const completed = settlements.filter(({ outcome }) => 'result' in outcome.ended);
  const failed = settlements.filter(({ outcome }) => 'error' in outcome.ended);
  if (settlements.length === 0) await db.query(CLOSE_LEASES, [drained]);
  // The leases go with the statement that comes last: the one before it still needs them.
  const recorded = [
    ...(completed.length > 0
      ? await complete(db, completed, failed.length > 0 ? [] : drained)
      : []),
    ...(failed.length > 0 ? await fail(db, failed, drained) : []),
  ];
  const kept = new Set(recorded);
  const deliverable = completed.filter(
    (one) => isDeliverable(one) && kept.has(attemptKey(one.job)),
  );
  if (deliverable.length > 0) await enqueueDeliveries(db, deliverable);
  if (recorded.length === settlements.length) return [];
  return settlements.filter(({ job }) => !kept.has(attemptKey(job)));
}

interface JobAttempt {
  id: number;
  attempt: number;
}

const attemptKey = (job: JobAttempt): string => `${job.id}/${job.attempt}`;

const ALIVE = `
clock as materialized (select humdrum.clock() as now),
lease as materialized (
  select lease.id, lease.worker_id, clock.now from humdrum.lease
  join humdrum.worker on worker.id = lease.worker_id cross join clock
  where lease.id = any ($1::bigint[]) and worker.expires_at > clock.now
)`;

// A lease that has passed is not ours to remove: what we could not settle of it is there for the rescue alone.
const closeLeases = (ids: string): string => `
  delete from humdrum.lease using humdrum.worker, clock
  where lease.id = any (${ids}) and worker.id = lease.worker_id and worker.expires_at > clock.now`;

const CLOSE_LEASES = `with clock as materialized (select humdrum.clock() as now) ${closeLeases('$1::bigint[]')}`;

/**
 * What the jobs `tied` held of limits, their unique keys, and their parents' waiting, where `ended` says that they have
 * ended. Whoever may have waited for that is called. Nothing where there are none.
 */
function letGo(
  params: unknown[],
  tied: readonly number[],
  ended: string,
  forGood = 'true',
): string {
  if (tied.length === 0) return '';
  const ids = `$${params.push(tied)}::bigint[]`;
  return `
slot as (
  delete from humdrum.slot using ${ended} as ended
  where slot.job_id = any (${ids}) and slot.job_id = ended.job_id and (not slot.kept or ${forGood})
  returning slot.gate
),
unique_key as (
  delete from humdrum.unique_key using ${ended} as ended
  where unique_key.job_id = any (${ids}) and unique_key.job_id = ended.job_id and until is null and ${forGood}
),
awaited as (
  delete from humdrum.awaited using ${ended} as ended
  where awaited.job_id = any (${ids}) and awaited.job_id = ended.job_id and ${forGood}
  returning awaited.parent_id
),
call as (
  insert into humdrum.wake_call (gate, parent_id)
  select distinct gate, null::bigint from slot union all select distinct null, parent_id from awaited
),`;
}

const tiedOf = (settlements: readonly Settlement[]): number[] =>
  settlements.filter(({ job }) => job.ties).map(({ job }) => job.id);

function keepEffects(params: unknown[], settlements: readonly Settlement[]): string {
  const effects = settlements.flatMap(({ job, outcome }) =>
    outcome.effects.map((effect, ordinal) => ({ jobId: job.id, ordinal, ...effect })),
  );
  if (effects.length === 0) return '';
  const column = (type: string, of: (effect: (typeof effects)[number]) => unknown): string =>
    `$${params.push(effects.map(of))}::${type}[]`;
  const arrays = [
    column('bigint', ({ jobId }) => jobId),
    column('integer', ({ ordinal }) => ordinal),
    column('text', ({ kind }) => kind),
    column('text', ({ name }) => name),
    column('json', ({ data }) => JSON.stringify(data)),
  ];
  return `
effect as (
  insert into humdrum.effect (job_id, ordinal, kind, name, data)
  select job_id, ordinal, kind, name, data
  from unnest(${arrays.join(', ')}) as given (job_id, ordinal, kind, name, data) join attempt using (job_id)
),`;
}

// Where this is part of a handler's transaction the COMMIT follows at once, or never: whoever has vanished in between must not
// keep others from the rescue of its jobs. So the server ends a transaction that is left idle after this.
const ABANDONED_AFTER = '5s';

const completeSql = (effects: string, ties: string): string => `
with ${ALIVE},
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, result, log)
  select job_id, lease.id, lease.worker_id, number, lease.now - duration_ms * interval '1 millisecond', lease.now, 'completed', result, log
  from unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::float8[], $5::json[], $6::json[])
    as given (lease_id, job_id, number, duration_ms, result, log)
  join lease on lease.id = given.lease_id
  on conflict do nothing
  returning job_id, number, worker_id, finished_at
),${effects}${ties}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor)
  select finished_at, job_id, number, 'completed', 'worker:' || worker_id from attempt
),
drained as (${closeLeases('$7')}
),
abandoned as materialized (
  select set_config('idle_in_transaction_session_timeout', '${ABANDONED_AFTER}', true)
)
select job_id as id, number as attempt from attempt, abandoned`;

async function complete(
  db: Queryable,
  settlements: readonly Settlement[],
  drained: readonly number[],
): Promise<string[]> {
  const column = <T>(of: (settlement: Settlement) => T): T[] => settlements.map(of);
  const params: unknown[] = [
    column(({ job }) => job.leaseId),
    column(({ job }) => job.id),
    column(({ job }) => job.attempt),
    column(({ outcome }) => outcome.durationMs),
    column(({ outcome }) => ('result' in outcome.ended ? jsonOrNull(outcome.ended.result) : null)),
    column(({ outcome }) => jsonOrNull(outcome.log.length > 0 ? outcome.log : null)),
    drained,
  ];
  const effects = keepEffects(params, settlements);
  const ties = letGo(params, tiedOf(settlements), 'attempt');
  const { rows } = await db.query<JobAttempt>(completeSql(effects, ties), params);
  return rows.map(attemptKey);
}

// A job that is tried again was failed and is retried, in one moment: that is what its audit says.
const failSql = (ties: string): string => `
with ${ALIVE},
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status,
    error_class, error_message, error_stack, log)
  select job_id, lease.id, lease.worker_id, number, lease.now - duration_ms * interval '1 millisecond', lease.now, 'failed',
    error_class, error_message, error_stack, log
  from unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::float8[], $5::text[], $6::text[], $7::text[], $8::json[])
    as given (lease_id, job_id, number, duration_ms, error_class, error_message, error_stack, log)
  join lease on lease.id = given.lease_id
  on conflict do nothing
  returning job_id, number, worker_id, finished_at, error_class
),
fate as materialized (
  select attempt.*, given.rank, given.queue, given.type, given.retry_ms, given.gate,
    attempt.finished_at + given.retry_ms * interval '1 millisecond' as run_at
  from attempt join unnest($2::bigint[], $9::integer[], $10::text[], $11::text[], $12::float8[], $13::text[])
    as given (job_id, rank, queue, type, retry_ms, gate) using (job_id)
),
later as (
  insert into humdrum.later (job_id, run_at, rank, attempt, queue, type, gate)
  select job_id, run_at, rank, number + 1, queue, type, gate from fate where retry_ms is not null
),
failed as (
  insert into humdrum.failed (job_id, failed_at, rank, attempt, queue, type, error_class)
  select job_id, finished_at, rank, number, queue, type, error_class from fate where retry_ms is null
),${ties}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select finished_at, job_id, number, event, 'worker:' || worker_id, reason from fate cross join lateral (
    select 1 as step, 'failed' as event, error_class as reason
    union all
    select 2, 'retried', 'attempt ' || number + 1 || ' is due at ' || run_at where retry_ms is not null
  ) as said
  order by job_id, step
),
drained as (${closeLeases('$14')}
)
select job_id as id, number as attempt from attempt`;

async function fail(
  db: Queryable,
  settlements: readonly Settlement[],
  drained: readonly number[],
): Promise<string[]> {
  const column = <T>(of: (settlement: Settlement, error: ErrorFact) => T): T[] =>
    settlements.flatMap((settlement) => {
      const { ended } = settlement.outcome;
      return 'error' in ended ? [of(settlement, ended.error)] : [];
    });
  const params: unknown[] = [
    column(({ job }) => job.leaseId),
    column(({ job }) => job.id),
    column(({ job }) => job.attempt),
    column(({ outcome }) => outcome.durationMs),
    column((_, error) => error.class),
    column((_, error) => error.message),
    column((_, error) => error.stack),
    column(({ outcome }) => jsonOrNull(outcome.log.length > 0 ? outcome.log : null)),
    column(({ job }) => job.rank),
    column(({ job }) => job.queue),
    column(({ job }) => signature(job.type, job.version)),
    column(retryAfterMs),
    column(({ job }) => job.ties?.gate ?? null),
    drained,
  ];
  const ties = letGo(params, tiedOf(settlements), 'fate', 'ended.retry_ms is null');
  const { rows } = await db.query<JobAttempt>(failSql(ties), params);
  return rows.map(attemptKey);
}

/** Null: no further attempt. */
function retryAfterMs({ job, type, outcome }: Settlement): number | null {
  if (!('error' in outcome.ended)) return null;
  const { permanent, retryAfterMs: asked } = outcome.ended;
  if (permanent || job.attempt >= job.maxAttempts) return null;
  return asked ?? retryDelayMs(type.retry, job.attempt, job.seed);
}

// An attempt that this very lease has recorded is no fenced write: its answer was lost, and it was sent again. What the
// rescue has recorded has the lost lease's number too.
const FENCED = `
insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
select humdrum.clock(), given.job_id, given.number, 'fenced', 'lease:' || given.lease_id, 'the lease had passed'
from unnest($1::bigint[], $2::bigint[], $3::smallint[]) as given (lease_id, job_id, number)
where not exists (
  select from humdrum.attempt
  where attempt.job_id = given.job_id and attempt.number = given.number and attempt.lease_id = given.lease_id
    and attempt.error_class is distinct from 'WorkerLost'
)
returning job_id as id, attempt`;

/** Audits what was refused, and answers it without what this lease had recorded itself. */
export async function noteFenced(
  db: Queryable,
  refused: readonly Settlement[],
): Promise<Settlement[]> {
  const { rows } = await db.query<JobAttempt>(FENCED, [
    refused.map(({ job }) => job.leaseId),
    refused.map(({ job }) => job.id),
    refused.map(({ job }) => job.attempt),
  ]);
  const keys = new Set(rows.map(attemptKey));
  return refused.filter(({ job }) => keys.has(attemptKey(job)));
}

function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
