import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { readClock } from '../base/clock.ts';
import { enqueue } from '../enqueue/enqueue.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { Failure } from '../job/failure.ts';
import { describeHold } from '../job/hold.ts';
import type { JobType } from '../job/job-type.ts';
import type { Outcome } from '../job/outcome.ts';
import { type Plan, planOf } from '../job/plan.ts';
import type { Enqueued } from '../job/request.ts';
import { seedOf } from '../job/seed.ts';
import type { Runtime } from '../ports/runtime.ts';
import { enqueueTraced } from '../ports/tracing.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { Settler } from '../settle/settler.ts';
import { claimOne } from '../transitions/claim.ts';
import { readHold } from '../transitions/hold.ts';
import { asMember } from './membership.ts';
import { runJob } from './run-job.ts';

export interface RunOptions {
  /** The handler's `ctx.now`. Default: the database's current time. */
  at?: Date;
  actor?: string;
  /** The hash of a plan. The job runs only if a rehearsal still gives this plan, and commits only if the run does too. */
  ifPlan?: string;
}

export interface RunReport {
  jobId: number;
  /** Whether the attempt completed. A worker may retry a failed one. */
  succeeded: boolean;
  outcome: Outcome;
  /** Null for a job with `atomic: false`, whose rows cannot be counted. */
  plan: Plan | null;
}

/** Persists a job and runs its first attempt in this process, as a worker would: claimed, leased, recorded, audited. */
export async function runNow(
  runtime: Runtime,
  type: JobType,
  input: unknown,
  options: RunOptions & { actor: string; leaseMs: number },
): Promise<RunReport> {
  const { database } = runtime;
  const at = options.at ?? (await readClock(database));
  const { ifPlan } = options;
  if (ifPlan !== undefined) await requirePlan(runtime, type, { input, at, ifPlan });
  return asMember(runtime, { leaseMs: options.leaseMs }, async (workerId, stop) => {
    const job = await persist(runtime, type, input, { ...options, at, workerId });
    const settler = new Settler(runtime);
    settler.trackLease(job.leaseId, 1);
    const run = await runJob(type, job, {
      runtime,
      settler,
      stop,
      measure: true,
      ...(ifPlan === undefined ? {} : { approve: (ran) => failUnlessPlan(type, job, ifPlan, ran) }),
    });
    const settled = await run.settled;
    await settler.idle();
    const recorded = settled.kind === 'recorded';
    const outcome = recorded ? settled.outcome : run.outcome;
    return {
      jobId: job.id,
      succeeded: recorded && 'result' in outcome.ended,
      outcome,
      plan: planOf(type, input, job.runAt, outcome),
    };
  });
}

async function persist(
  { database, limits, vault, tracing }: Runtime,
  type: JobType,
  input: unknown,
  { at: runAt, actor, workerId }: { at: Date; actor: string; workerId: number },
): Promise<ClaimedJob> {
  return database.transaction(async (tx) => {
    const seed = seedOf(type, input, runAt);
    const [enqueued] = await enqueueTraced(tracing, [{ type, input, runAt, seed }], (jobs) =>
      enqueue(tx, jobs, { actor, limits, vault }),
    );
    const job = enqueued?.created ? await claimOne(tx, workerId, enqueued.id) : null;
    if (job) return job;
    throw await refusal(tx, type, enqueued);
  });
}

/** Errors: `plan-changed`; `input-invalid` if the type can have no plan. */
async function requirePlan(
  runtime: Runtime,
  type: JobType,
  { input, at, ifPlan }: { input: unknown; at: Date; ifPlan: string },
): Promise<void> {
  if (!type.atomic) {
    throw new HumdrumError(
      'input-invalid',
      `${type.type} commits in steps (atomic: false), so its run cannot be checked against a plan.`,
    );
  }
  const { hash } = await rehearse(runtime, type, input, at);
  if (hash !== ifPlan) throw new HumdrumError('plan-changed', planChanged(ifPlan, hash));
}

function failUnlessPlan(
  type: JobType,
  job: ClaimedJob,
  ifPlan: string,
  outcome: Outcome,
): Failure | null {
  const hash = planOf(type, job.input, job.runAt, outcome)?.hash ?? 'none';
  if (hash === ifPlan) return null;
  const error = { class: 'PlanChanged', message: planChanged(ifPlan, hash), stack: null };
  return { error, permanent: true, retryAfterMs: null };
}

function planChanged(expected: string, found: string): string {
  return `The plan is now ${found}, not ${expected}: nothing was written. Rehearse again and review the new plan.`;
}

/** Why the job cannot start now. Throwing it rolls the job back. */
async function refusal(tx: Queryable, type: JobType, enqueued?: Enqueued): Promise<HumdrumError> {
  if (enqueued && !enqueued.created) {
    return new HumdrumError(
      'action-refused',
      `Job ${enqueued.id} of type ${type.type} is open and has the same unique key.`,
    );
  }
  const held = await readHold(tx);
  if (held) {
    return new HumdrumError(
      'database-held',
      `The database is held ${describeHold(held)}. No job starts before the hold ends.`,
    );
  }
  const { rows } = await tx.query<{ at: Date }>(
    'select run_at as at from humdrum.later where job_id = $1',
    [enqueued?.id],
  );
  if (rows[0]) {
    return new HumdrumError(
      'input-invalid',
      `${rows[0].at.toISOString()} is in the future. A run takes the present or a past time.`,
    );
  }
  return new HumdrumError(
    'limit-reached',
    `A limit of ${type.type} has no room now. Enqueue the job instead: it starts when there is room.`,
  );
}
