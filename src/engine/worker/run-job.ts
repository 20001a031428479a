import type { Database, OpenTransaction } from '../../database/database.ts';
import { childFailure } from '../handler/children.ts';
import { execute } from '../handler/execute.ts';
import type { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import { type Failure, failureOf } from '../job/failure.ts';
import type { JobType } from '../job/job-type.ts';
import { ABANDONED, type JobRun, type Outcome, type Settled } from '../job/outcome.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { Settler } from '../settle/settler.ts';
import type { Settlement } from '../transitions/settlement.ts';

interface RunJobOptions {
  runtime: Runtime;
  settler: Settler;
  stop: StopSource;
  measure?: boolean;
  /** Checks the outcome before it is recorded. A returned failure replaces it and rolls back the handler's writes. */
  approve?: (outcome: Outcome) => Failure | null;
}

/** Runs a claimed job and records its outcome: in the handler's transaction if there is one, else in the next batch. */
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
  const { settler, approve, runtime } = by;
  runtime.onEvent({ event: 'job-started', job, trace });
  const failedBefore =
    job.ties?.onChildFailure === 'fail' ? await childFailed(by.runtime.database, job) : null;
  const untraced = failedBefore ?? (await execute(type, job, by));
  const executed = trace === null ? untraced : { ...untraced, trace };
  const rejected = 'error' in executed.ended ? null : approve?.(executed);
  const outcome = rejected ? { ...executed, ended: rejected, effects: [] } : executed;
  const { transaction } = outcome;
  if ('error' in outcome.ended) {
    await transaction?.rollback();
    const settled = by.stop.stopped
      ? Promise.resolve(ABANDONED)
      : settler.record({ job, type, outcome });
    return { outcome, settled };
  }
  const settlement = { job, type, outcome };
  // The commit is not awaited, so the next handler can take this one's slot at once.
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
  const { job, type } = settlement;
  try {
    return await settler.recordWithin(tx, settlement);
  } catch (error) {
    await tx.rollback();
    return settler.recordAfter(error, settlement, failureOf(error, type.retry.on, job.attempt));
  }
}

/** A job with `onFailure: 'fail'` fails without running if one of its children has not completed. */
async function childFailed(database: Database, job: ClaimedJob): Promise<Outcome | null> {
  const ended = await childFailure(database, job.id).catch((error: unknown) => failureOf(error));
  return ended && { ended, effects: [], log: [], durationMs: 0, changes: null, transaction: null };
}

/** Emits the event for an attempt. The job of one that was aborted is released or rescued. */
export function reportSettled(
  onEvent: Runtime['onEvent'],
  job: ClaimedJob,
  outcome: Outcome,
  settled: Settled,
): void {
  if (settled.kind === 'recorded') onEvent({ event: 'job-settled', job, outcome: settled.outcome });
  const { ended } = outcome;
  if (settled.kind === 'abandoned') {
    const isNoted = 'error' in ended && ended.postponed !== undefined && ended.postponed !== 'held';
    if (isNoted) onEvent({ event: 'job-given-back', job, error: ended.error });
    else onEvent({ event: 'job-aborted', job, outcome });
  }
  if (settled.kind === 'fenced') onEvent({ event: 'job-fenced', job, outcome });
}
