import type { OpenTransaction, Queryable } from '../../database/database.ts';
import { PREPARED } from '../../database/prepared.ts';
import { columnOf, rowsOf, type Column } from './row-columns.ts';
import {
  ALIVE,
  closeLeases,
  isRefused,
  RAISE_IF_REFUSED,
  refusedBy,
  RETURN_RECORDED,
} from './fence.ts';
import { freeHolds } from './free-holds.ts';
import { holdersIn, jsonOrNull, leasesOf, logOf, type Settlement } from './settlement.ts';

// In a handler's transaction the COMMIT follows at once, or never if the process has died. Its locks would then keep other
// workers from rescuing the job, so the server ends a transaction that stays idle after this statement.
const IDLE_TIMEOUT = '5s';

interface Parts {
  rows: string;
  effects: string;
  freed: string;
  closed: string;
  result: string;
}

/** Only the CTEs that these settlements need: most statements settle one job in its own transaction. */
const completeSql = ({ rows, effects, freed, closed, result }: Parts): string => `
with ${ALIVE},
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, result, log)
  select job_id, lease.id, lease.worker_id, number, lease.now - duration_ms * interval '1 millisecond', lease.now, 'completed', result, log
  from (${rows}) as given join lease on lease.id = given.lease_id
  on conflict do nothing
  returning job_id, number, worker_id, finished_at
),${effects}${freed}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor)
  select finished_at, job_id, number, 'completed', 'worker:' || worker_id from attempt
),${closed}
idle_timeout as materialized (
  select set_config('idle_in_transaction_session_timeout', '${IDLE_TIMEOUT}', true)
)
${result}, idle_timeout`;

/** Records completed attempts with their effects, and closes leases. Returns the settlements that were refused. */
export async function complete(
  db: Queryable,
  settlements: readonly Settlement[],
  finishedLeases: readonly number[],
): Promise<Settlement[]> {
  const { sql, params } = completion(settlements, finishedLeases, RETURN_RECORDED);
  return refusedBy(db, sql, params, settlements);
}

/** Records a completed attempt in the handler's transaction and commits it. Returns false if it was refused and rolled back. */
export async function completeWithin(
  tx: OpenTransaction,
  settlement: Settlement,
): Promise<boolean> {
  const { sql, params } = completion([settlement], [], RAISE_IF_REFUSED);
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
  finishedLeases: readonly number[],
  result: string,
): { sql: string; params: unknown[] } {
  const column = (name: string, type: string, of: (settlement: Settlement) => unknown): Column =>
    columnOf(name, type, settlements.map(of), name === 'job_id');
  const params: unknown[] = [leasesOf(settlements), settlements.length];
  const rows = rowsOf(
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
    rows,
    effects: effectsSql(params, settlements),
    freed: freedSql(params, holdersIn(settlements)),
    closed: finishedLeases.length > 0 ? closedSql(`$${params.push(finishedLeases)}::bigint[]`) : '',
    result,
  };
  // Not prepared if it frees holds: the plan must fit their number.
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

const closedSql = (ids: string): string => `
closed as (${closeLeases(ids)}
),`;

function effectsSql(params: unknown[], settlements: readonly Settlement[]): string {
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
