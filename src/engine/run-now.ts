import type { Database } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { claimOne, type ClaimedJob } from './claim.ts';
import { readClock } from './clock.ts';
import { enqueue } from './enqueue.ts';
import type { Listener } from './events.ts';
import { StopSource } from './interruption.ts';
import type { JobType } from './job-type.ts';
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

/** Persists a job and runs its first attempt here and now, as a worker would: claimed, leased, recorded, audited. */
export async function runNow(
  world: { database: Database; onEvent: Listener; leaseMs: number },
  type: JobType,
  input: unknown,
  options: { at?: Date; actor: string },
): Promise<RunReport> {
  const { database, onEvent, leaseMs } = world;
  const stop = new StopSource();
  const membership = await Membership.join(database, {
    leaseMs,
    onLost: () => stop.stop(new Error('This process has lost its lease.')),
    onTrouble: (error) => onEvent({ event: 'trouble', doing: 'heartbeat', error }),
  });
  try {
    const job = await persist(database, type, input, { ...options, workerId: membership.workerId });
    const settler = new Settler(database, (error) =>
      onEvent({ event: 'trouble', doing: 'settling', error }),
    );
    settler.opened(job.leaseId, 1);
    const { outcome: seen, settled } = await perform(type, job, {
      database,
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
  database: Database,
  type: JobType,
  input: unknown,
  { at, actor, workerId }: { at?: Date; actor: string; workerId: number },
): Promise<ClaimedJob> {
  const runAt = at ?? (await readClock(database));
  return database.transaction(async (tx) => {
    const [id] = await enqueue(
      tx,
      [{ type, input, runAt, seed: seedOf(type, input, runAt) }],
      actor,
    );
    const job = id === undefined ? null : await claimOne(tx, workerId, id);
    if (job) return job;
    throw new HumdrumError(
      'input-invalid',
      `${runAt.toISOString()} is still to come: a run is now, or as of an instant that has passed.`,
    );
  });
}
