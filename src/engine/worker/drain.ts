import type { Json } from '../base/json.ts';
import type { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { ErrorFact } from '../job/failure.ts';
import type { Runtime } from '../ports/runtime.ts';
import { Settler } from '../settle/settler.ts';
import { rollUpAll } from '../statistics/roll-up.ts';
import { claimNext } from '../transitions/claim.ts';
import { chores, choresAfterWork, dueSteps, type UpkeepBy } from '../upkeep/due-steps.ts';
import { findDueWork } from '../upkeep/due-work.ts';
import { asMember } from './membership.ts';
import type { WorkerSettings } from './options.ts';
import { reportSettled, runJob } from './run-job.ts';

export interface DrainOptions {
  /** Stops after so many. Default 10,000. */
  maxAttempts?: number;
}

/** One attempt that was made and recorded. */
export interface DrainedAttempt {
  id: number;
  type: string;
  attempt: number;
  status: 'completed' | 'failed';
  /** Of a completed one. */
  result: Json;
  error: ErrorFact | null;
}

export interface Drained {
  /** Attempts, not jobs. */
  completed: number;
  failed: number;
  /** In the order in which they were made. */
  ran: DrainedAttempt[];
  /** False: it stopped at `maxAttempts`. */
  idle: boolean;
  /** How long until the next job is due, not counting ticks to come. Null: none is. */
  nextMs: number | null;
}

/** After so many attempts. */
const WORTH_A_VACUUM = 1_000;

/** Runs what may start, one job after another, and does the work of upkeep that is due. */
export async function drain(
  runtime: Runtime,
  options: DrainOptions & Pick<WorkerSettings, 'leaseMs' | 'queues'>,
): Promise<Drained> {
  const { types, database } = runtime;
  const { maxAttempts = 10_000, leaseMs, queues = types.queues() } = options;
  return asMember(runtime, { leaseMs, queues, types: types.signatures }, async (workerId, stop) => {
    const by = { runtime, settler: new Settler(runtime), stop };
    const upkeep = { runtime, actor: `worker:${workerId}`, queues };
    const ran: DrainedAttempt[] = [];
    let nextMs: number | null = null;
    for (const { run } of chores(upkeep)) await run();
    // A claim may find out by itself when there is more, so `nextMs` is that of a look after the last claim. Jobs that are
    // seen ready and not claimed are in the hands of another process: one more look, and no third.
    for (let idle = 0; idle < 2 && ran.length < maxAttempts && !stop.stopped; idle += 1) {
      const due = await catchUp(upkeep);
      ({ nextMs } = due);
      if (!due.ready) break;
      if (due.more) idle = -1;
      while (ran.length < maxAttempts && !stop.stopped) {
        const job = await claimNextOf(runtime, workerId, queues);
        if (!job) break;
        idle = -1;
        ran.push(...(await runOne(job, by)));
      }
    }
    await rollUpAll(database);
    if (ran.length >= WORTH_A_VACUUM) for (const { run } of choresAfterWork(upkeep)) await run();
    const completed = ran.filter(({ status }) => status === 'completed').length;
    const idle = ran.length < maxAttempts && !stop.stopped;
    return { completed, failed: ran.length - completed, ran, idle, nextMs };
  });
}

interface CaughtUp {
  /** Jobs may start. */
  ready: boolean;
  /** Some of them could not before. */
  more: boolean;
  /** As in `Drained`. */
  nextMs: number | null;
}

/** Takes every step of upkeep that is due, now. */
async function catchUp(by: UpkeepBy): Promise<CaughtUp> {
  const { database, types } = by.runtime;
  const seen = await findDueWork(database, { queues: by.queues, types });
  let { dueMs, tokensMs } = seen;
  let more = false;
  for (const { run } of dueSteps(seen, by)) {
    const result = await run();
    more ||= result.more;
    ({ dueMs = dueMs, tokensMs = tokensMs } = result);
  }
  const waits = [dueMs, tokensMs].filter((ms) => ms !== null);
  return {
    ready: seen.ready || more,
    more,
    nextMs: waits.length > 0 ? Math.min(...waits) : null,
  };
}

async function claimNextOf(
  { database, types }: Runtime,
  workerId: number,
  queues: readonly string[],
): Promise<ClaimedJob | null> {
  for (const queue of queues) {
    const from = { queue, types: types.signatures, limit: 1 };
    for (;;) {
      const { jobs, seen } = await claimNext(database, workerId, from);
      if (jobs[0]) return jobs[0];
      if (seen === 0) break; // Else a limit did not let it pass, and it stands in line.
    }
  }
  return null;
}

/** Returns nothing if the attempt was not recorded: another process has the job, or will. */
async function runOne(
  job: ClaimedJob,
  by: { runtime: Runtime; settler: Settler; stop: StopSource },
): Promise<DrainedAttempt[]> {
  const { runtime, settler } = by;
  settler.opened(job.leaseId, 1);
  const run = await runJob(runtime.types.get(job.type), job, by);
  const settled = await run.settled;
  await settler.idle();
  reportSettled(runtime.onEvent, job, run.outcome, settled);
  if (settled.kind !== 'recorded') return [];
  const { ended } = settled.outcome;
  const { id, type, attempt } = job;
  return 'result' in ended
    ? [{ id, type, attempt, status: 'completed', result: ended.result, error: null }]
    : [{ id, type, attempt, status: 'failed', result: null, error: ended.error }];
}
