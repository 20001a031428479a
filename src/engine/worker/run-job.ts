import type { Database, OpenTransaction } from '../../database/database.ts';
import { childFailure } from '../handler/children.ts';
import { execute } from '../handler/execute.ts';
import type { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import { type Failure, failureOf } from '../job/failure.ts';
import type { JobType } from '../job/job-type.ts';
import { ABANDONED, type JobRun, type Outcome, type Settled } from '../job/outcome.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Settlement } from '../transitions/settlement.ts';
import type { Settler } from '../settle/settler.ts';

interface RunJobOptions {
  runtime: Runtime;
  settler: Settler;
  stop: StopSource;
  measure?: boolean;
  /** Inspects the outcome before any of it is kept. A failure replaces it, and the handler's writes are rolled back. */
  approve?: (outcome: Outcome) => Failure | null;
}

/** Runs a claimed job and has its end recorded: within its own transaction if it has one, else in the next batch. */
export async function runJob(type: JobType, job: ClaimedJob, by: RunJobOptions): Promise<JobRun> {
  const { tracing } = by.runtime;
  return tracing
    ? tracing.run(job, (trace) => runTraced(trace, type, job, by))
    : runTraced(null, type, job, by);
}

async function runTraced(
  trace: string | null,
  type: JobType,
  job: ClaimedJob,
  by: RunJobOptions,
): Promise<JobRun> {
  const { settler, approve } = by;
  const tooEarly =
    job.ties?.onChildFailure === 'fail' ? await childFailed(by.runtime.database, job) : null;
  const ended = tooEarly ?? (await execute(type, job, by));
  const seen = trace === null ? ended : { ...ended, trace };
  const refused = 'error' in seen.ended ? null : approve?.(seen);
  const outcome = refused ? { ...seen, ended: refused, effects: [] } : seen;
  const { transaction } = outcome;
  if ('error' in outcome.ended) {
    await transaction?.rollback();
    const settled = by.stop.stopped
      ? Promise.resolve(ABANDONED)
      : settler.record({ job, type, outcome });
    return { outcome, settled };
  }
  const settlement = { job, type, outcome };
  // The commit is not awaited: the next handler takes this one's slot as soon as it has ended.
  const settled = transaction
    ? recordWithin(transaction, settlement, settler)
    : settler.record(settlement);
  return { outcome, settled };
}

async function recordWithin(
  tx: OpenTransaction,
  settlement: Settlement,
  settler: Settler,
): Promise<Settled> {
  const { job, type, outcome } = settlement;
  try {
    return await settler.recordWithin(tx, settlement);
  } catch (error) {
    // A lost COMMIT may have taken effect. If it has, the attempt's key is taken and recording this failure does nothing.
    await tx.rollback();
    const ended = failureOf(error, type.retry.on, job.attempt);
    return settler.record({ job, type, outcome: { ...outcome, effects: [], ended } });
  }
}

/** A job whose children must all complete fails before it runs if one of them has not. */
async function childFailed(database: Database, job: ClaimedJob): Promise<Outcome | null> {
  const ended = await childFailure(database, job.id).catch((error: unknown) => failureOf(error));
  return ended && { ended, effects: [], log: [], durationMs: 0, changes: null, transaction: null };
}

/** Emits the event for what became of an attempt. An abandoned one is told by whoever gives it back or rescues it. */
export function reportSettled(
  onEvent: Runtime['onEvent'],
  job: ClaimedJob,
  made: Outcome,
  settled: Settled,
): void {
  if (settled.kind === 'recorded') onEvent({ event: 'job-settled', job, outcome: settled.outcome });
  if (settled.kind === 'fenced') onEvent({ event: 'job-fenced', job, outcome: made });
}
