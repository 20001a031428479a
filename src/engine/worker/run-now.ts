import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { readClock } from '../base/clock.ts';
import { claimOne } from '../transitions/claim.ts';
import { enqueue } from '../enqueue/enqueue.ts';
import { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { Failure } from '../job/failure.ts';
import type { JobType } from '../job/job-type.ts';
import type { Outcome } from '../job/outcome.ts';
import { type Plan, planOf } from '../job/plan.ts';
import type { Enqueued } from '../job/request.ts';
import { seedOf } from '../job/seed.ts';
import { Membership } from './membership.ts';
import { runJob } from './run-job.ts';
import type { Runtime } from '../ports/runtime.ts';
import { enqueueTraced } from '../ports/tracing.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { Settler } from '../settle/settler.ts';

export interface RunOptions {
  /** What the handler sees as now. Default: now, on the database's clock. */
  at?: Date;
  actor?: string;
  /** The hash of a plan: run only if a rehearsal says the same now, and keep nothing if the run itself does not. */
  ifPlan?: string;
}

export interface RunReport {
  jobId: number;
  /** How the attempt ended. A failed one may be tried again by a worker. */
  succeeded: boolean;
  outcome: Outcome;
  /** Null for a job with `atomic: false`, whose rows cannot be counted. */
  plan: Plan | null;
}

/** Persists a job and runs its first attempt here and now, as a worker would: claimed, leased, recorded, audited. */
export async function runNow(
  runtime: Runtime,
  type: JobType,
  input: unknown,
  options: RunOptions & { actor: string; leaseMs: number },
): Promise<RunReport> {
  const { database, onEvent } = runtime;
  const at = options.at ?? (await readClock(database));
  const { ifPlan } = options;
  if (ifPlan !== undefined) await requirePlan(runtime, type, { input, at, ifPlan });
  const stop = new StopSource();
  const membership = await Membership.join(database, {
    leaseMs: options.leaseMs,
    onLost: () => stop.stop(new Error('This process has lost its lease.')),
    onTrouble: (error) => onEvent({ event: 'trouble', doing: 'heartbeat', error }),
  });
  try {
    const job = await persist(runtime, type, input, {
      ...options,
      at,
      workerId: membership.workerId,
    });
    const settler = new Settler(runtime);
    settler.opened(job.leaseId, 1);
    const ran = await runJob(type, job, {
      runtime,
      settler,
      stop,
      measure: true,
      ...(ifPlan === undefined ? {} : { approve: (seen) => unlessPlan(type, job, ifPlan, seen) }),
    });
    const recorded = await ran.settled;
    await settler.idle();
    const outcome = recorded || ran.outcome;
    const plan = planOf(type, input, job.runAt, outcome);
    return {
      jobId: job.id,
      succeeded: Boolean(recorded) && 'result' in outcome.ended,
      outcome,
      plan,
    };
  } finally {
    await membership.leave();
  }
}

async function persist(
  { database, limits, vault, tracing }: Runtime,
  type: JobType,
  input: unknown,
  { at: runAt, actor, workerId }: { at: Date; actor: string; workerId: number },
): Promise<ClaimedJob> {
  return database.transaction(async (tx) => {
    const seed = seedOf(type, input, runAt);
    const [made] = await enqueueTraced(tracing, [{ type, input, runAt, seed }], (jobs) =>
      enqueue(tx, jobs, { actor, limits, vault }),
    );
    const job = made?.created ? await claimOne(tx, workerId, made.id) : null;
    if (job) return job;
    throw await refusal(tx, type, made);
  });
}

/** Errors: `plan-changed`, `input-invalid` where there can be no plan. */
async function requirePlan(
  runtime: Runtime,
  type: JobType,
  { input, at, ifPlan }: { input: unknown; at: Date; ifPlan: string },
): Promise<void> {
  if (!type.atomic) {
    throw new HumdrumError(
      'input-invalid',
      `${type.type} commits in steps (atomic: false): no plan can be held against its run.`,
    );
  }
  const { hash } = await rehearse(runtime, type, input, at);
  if (hash !== ifPlan) throw new HumdrumError('plan-changed', planChanged(ifPlan, hash));
}

function unlessPlan(type: JobType, job: ClaimedJob, ifPlan: string, seen: Outcome): Failure | null {
  const hash = planOf(type, job.input, job.runAt, seen)?.hash ?? 'none';
  if (hash === ifPlan) return null;
  const error = { class: 'PlanChanged', message: planChanged(ifPlan, hash), stack: null };
  return { error, permanent: true, retryAfterMs: null };
}

function planChanged(expected: string, found: string): string {
  return `The plan is now ${found}, not ${expected}: nothing was written. Rehearse again, and look at it.`;
}

/** Why a job that was just persisted cannot start here and now. Nothing of it stays. */
async function refusal(tx: Queryable, type: JobType, made?: Enqueued): Promise<HumdrumError> {
  if (made && !made.created) {
    return new HumdrumError(
      'action-refused',
      `Job ${made.id} of type ${type.type} is open and has the same unique key.`,
    );
  }
  const { rows } = await tx.query<{ at: Date }>(
    'select run_at as at from humdrum.later where job_id = $1',
    [made?.id],
  );
  if (rows[0]) {
    return new HumdrumError(
      'input-invalid',
      `${rows[0].at.toISOString()} is still to come: a run is now, or as of an instant that has passed.`,
    );
  }
  return new HumdrumError(
    'limit-reached',
    `A limit of ${type.type} has no room now. Enqueue the job, and it starts when there is some.`,
  );
}
