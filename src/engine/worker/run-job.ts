import type { Database, OpenTransaction } from '../../database/database.ts';
import { childFailure } from '../handler/children.ts';
import { execute } from '../handler/execute.ts';
import type { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import { type Failure, failureOf } from '../job/failure.ts';
import type { JobType } from '../job/job-type.ts';
import type { Outcome, JobRun } from '../job/outcome.ts';
import type { Runtime } from '../ports/runtime.ts';
import { isPostponed } from '../transitions/postpone.ts';
import type { Settlement } from '../transitions/settlement.ts';
import type { Settler } from '../settle/settler.ts';

interface RunJobOptions {
  runtime: Runtime;
  settler: Settler;
  stop: StopSource;
  measure?: boolean;
  /** Looks at the outcome before anything of it is kept. A failure takes its place, and the handler's writes are undone. */
  approve?: (outcome: Outcome) => Failure | null;
}

/** Runs a claimed job and sees to it that its end is recorded: with its own transaction where it has one, else in the next batch. */
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
    const settled = by.stop.stopped ? null : settleFailure(settler, { job, type, outcome });
    return { outcome, settled: Promise.resolve(settled) };
  }
  const settlement = { job, type, outcome };
  // Nobody waits for the commit: the next handler has this one's place as soon as it is over.
  const settled = transaction
    ? settleWithin(transaction, settlement, settler)
    : settler.settle(settlement);
  return { outcome, settled };
}

/** Null for a postponed job: it is given back, and no attempt is recorded. */
async function settleFailure(
  settler: Settler,
  settlement: Settlement,
): Promise<Outcome | false | null> {
  const recorded = await settler.settle(settlement);
  return isPostponed(settlement) ? null : recorded;
}

async function settleWithin(
  tx: OpenTransaction,
  settlement: Settlement,
  settler: Settler,
): Promise<Outcome | false> {
  const { job, type, outcome } = settlement;
  try {
    return (await settler.settleWithin(tx, settlement)) && outcome;
  } catch (error) {
    // Whether a lost COMMIT took effect is for the attempt's key to say: if it did, recording this failure does nothing.
    await tx.rollback();
    const ended = failureOf(error, type.retry.on, job.attempt);
    return settler.settle({ job, type, outcome: { ...outcome, effects: [], ended } });
  }
}

/** A job that waited for children and must not run without them has failed before it began. */
async function childFailed(database: Database, job: ClaimedJob): Promise<Outcome | null> {
  const ended = await childFailure(database, job.id).catch((error: unknown) => failureOf(error));
  return ended && { ended, effects: [], log: [], durationMs: 0, changes: null, transaction: null };
}
