import type { Database, Queryable } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { claimOne, type ClaimedJob } from './claim.ts';
import { readClock } from './clock.ts';
import { enqueue, type Enqueued } from './enqueue.ts';
import type { JobType } from './job-type.ts';
import type { Limits } from './limit.ts';
import type { Enqueuer } from './enqueuer.ts';
import type { Listener } from './events.ts';
import { StopSource } from './interruption.ts';
import { Membership } from './membership.ts';
import { perform } from './perform.ts';
import { planOf, type Plan } from './plan.ts';
import { seedOf } from './rehearse.ts';
import type { Outcome } from './execute.ts';
import { Settler } from './settler.ts';

export interface RunReport {
  jobId: number;
  /** How the attempt ended. A failed one may be tried again by a worker. */
  succeeded: boolean;
  outcome: Outcome;
  /** Null for a job with `atomic: false`, whose rows cannot be counted. */
  plan: Plan | null;
}

interface RunWorld {
  database: Database;
  enqueuer: Enqueuer;
  limits: Limits;
  leaseMs: number;
  onEvent: Listener;
  onWoken(): void;
}

/** Persists a job and runs its first attempt here and now, as a worker would: claimed, leased, recorded, audited. */
export async function runNow(
  world: RunWorld,
  type: JobType,
  input: unknown,
  options: { at?: Date; actor: string },
): Promise<RunReport> {
  const { database, enqueuer, onEvent, leaseMs } = world;
  const stop = new StopSource();
  const membership = await Membership.join(database, {
    leaseMs,
    onLost: () => stop.stop(new Error('This process has lost its lease.')),
    onTrouble: (error) => onEvent({ event: 'trouble', doing: 'heartbeat', error }),
  });
  try {
    const job = await persist(world, type, input, { ...options, workerId: membership.workerId });
    const settler = new Settler(database, {
      onTrouble: (error) => onEvent({ event: 'trouble', doing: 'settling', error }),
      onWoken: () => world.onWoken(),
    });
    settler.opened(job.leaseId, 1);
    const { outcome: seen, settled } = await perform(type, job, {
      database,
      enqueuer,
      settler,
      stop,
      measure: true,
    });
    const recorded = await settled;
    await settler.idle();
    const outcome = recorded || seen;
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
  { database, limits }: RunWorld,
  type: JobType,
  input: unknown,
  { at, actor, workerId }: { at?: Date; actor: string; workerId: number },
): Promise<ClaimedJob> {
  const runAt = at ?? (await readClock(database));
  return database.transaction(async (tx) => {
    const seed = seedOf(type, input, runAt);
    const [made] = await enqueue(tx, [{ type, input, runAt, seed }], { actor, limits });
    const job = made?.created ? await claimOne(tx, workerId, made.id) : null;
    if (job) return job;
    throw await refusal(tx, type, made);
  });
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
