import { readClock } from '../base/clock.ts';
import { execute } from '../handler/execute.ts';
import type { Runnable } from '../handler/handler-context.ts';
import { StopSource } from '../handler/interruption.ts';
import type { JobType } from '../job/job-type.ts';
import { type Plan, planOf } from '../job/plan.ts';
import { seedOf } from '../job/seed.ts';
import type { Runtime } from '../ports/runtime.ts';

/**
 * Runs the handler in a transaction that is rolled back, and returns what it would have done. Nothing is kept, except for
 * values drawn from PostgreSQL sequences, which no rollback returns.
 */
export async function rehearse(
  runtime: Runtime,
  type: JobType,
  input: unknown,
  at?: Date,
): Promise<Plan> {
  await type.parse(input);
  const runAt = at ?? (await readClock(runtime.database));
  const seed = seedOf(type, input, runAt);
  return rehearseAs(runtime, type, {
    id: null,
    attempt: 1,
    input,
    version: type.version,
    runAt,
    seed,
  });
}

/** Rehearses with the id, attempt and seed of this job. */
export async function rehearseAs(runtime: Runtime, type: JobType, job: Runnable): Promise<Plan> {
  const outcome = await execute(type, job, {
    runtime,
    stop: new StopSource(),
    rehearsal: true,
    measure: true,
  });
  await outcome.transaction?.rollback();
  const plan = planOf(type, job.input, job.runAt, outcome);
  if (!plan) throw new Error('A rehearsal always counts rows.');
  return plan;
}
