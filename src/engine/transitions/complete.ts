import type { OpenTransaction, Queryable } from '../../database/database.ts';
import { PREPARED } from '../../database/prepared.ts';
import { columnOf, rowsOf, type Column } from './row-columns.ts';
import { ALIVE, closeLeases, isRefused, KEPT, KEPT_OR_UNDONE, refusedBy } from './fence.ts';
import { freeHolds } from './free-holds.ts';
import { holdersIn, jsonOrNull, leasesOf, logOf, type Settlement } from './settlement.ts';

// Where this is part of a handler's transaction the COMMIT follows at once, or never: whoever has vanished in between must not
// keep others from the rescue of its jobs. So the server ends a transaction that is left idle after this.
const ABANDONED_AFTER = '5s';

interface Parts {
  given: string;
  effects: string;
  freed: string;
  drained: string;
  kept: string;
}

/** There is no more in it than these settlements need: most are of one job in its own transaction. */
const completeSql = ({ given, effects, freed, drained, kept }: Parts): string => `
with ${ALIVE},
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, result, log)
  select job_id, lease.id, lease.worker_id, number, lease.now - duration_ms * interval '1 millisecond', lease.now, 'completed', result, log
  from (${given}) as given join lease on lease.id = given.lease_id
  on conflict do nothing
  returning job_id, number, worker_id, finished_at
),${effects}${freed}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor)
  select finished_at, job_id, number, 'completed', 'worker:' || worker_id from attempt
),${drained}
abandoned as materialized (
  select set_config('idle_in_transaction_session_timeout', '${ABANDONED_AFTER}', true)
)
${kept}, abandoned`;

/** Records completed attempts, with their effects. Answers those that were refused. */
export async function complete(
  db: Queryable,
  settlements: readonly Settlement[],
  drained: readonly number[],
): Promise<Settlement[]> {
  const { sql, params } = completion(settlements, drained, KEPT);
  return refusedBy(db, sql, params, settlements);
}

/** Records a completed attempt in its own transaction, and commits that. False: it was refused, and nothing is kept. */
export async function completeWithin(
  tx: OpenTransaction,
  settlement: Settlement,
): Promise<boolean> {
  const { sql, params } = completion([settlement], [], KEPT_OR_UNDONE);
  try {
    await tx.commitAfter(sql, params);
    return true;
  } catch (error) {
    if (isRefused(error)) return false;
    throw error;
  }
}

function completion(
  settlements: readonly Settlement[],
  drained: readonly number[],
  kept: string,
): { sql: string; params: unknown[] } {
  const column = (name: string, type: string, of: (settlement: Settlement) => unknown): Column =>
    columnOf(name, type, settlements.map(of), name === 'job_id');
  const params: unknown[] = [leasesOf(settlements), settlements.length];
  const given = rowsOf(
    [
      column('lease_id', 'bigint', ({ job }) => job.leaseId),
      column('job_id', 'bigint', ({ job }) => job.id),
      column('number', 'smallint', ({ job }) => job.attempt),
      column('duration_ms', 'float8', ({ outcome }) => outcome.durationMs),
      column('result', 'json', ({ outcome }) =>
        'result' in outcome.ended ? jsonOrNull(outcome.ended.result) : null,
      ),
      column('log', 'json', logOf),
    ],
    params,
  );
  const parts = {
    given,
    effects: keepEffects(params, settlements),
    freed: freedSql(params, holdersIn(settlements)),
    drained: drained.length > 0 ? drainedSql(`$${params.push(drained)}::bigint[]`) : '',
    kept,
  };
  // Where keys are let go the plan must fit how many there are.
  const prepared = parts.freed === '' ? PREPARED : '';
  return { sql: prepared + completeSql(parts), params };
}

const freedSql = (params: unknown[], holders: readonly number[]): string =>
  holders.length === 0
    ? ''
    : freeHolds({
        from: 'attempt',
        ended: 'true',
        among: `$${params.push(holders)}::bigint[]`,
      });

const drainedSql = (ids: string): string => `
drained as (${closeLeases(ids)}
),`;

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
