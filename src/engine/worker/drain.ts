import type { Json } from '../base/json.ts';
import type { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { ErrorFact } from '../job/error-fact.ts';
import type { Runtime } from '../ports/runtime.ts';
import { Settler } from '../settle/settler.ts';
import { ruleText } from '../schedule/cron.ts';
import { rollUpAll } from '../statistics/roll-up.ts';
import { claimAlone, claimNext } from '../transitions/claim.ts';
import { chores, choresAfterWork, dueSteps, type UpkeepBy } from '../upkeep/due-steps.ts';
import { findDueWork } from '../upkeep/due-work.ts';
import { HoldWatch } from '../upkeep/hold-watch.ts';
import { LostWorkers } from '../upkeep/lost-workers.ts';
import { asMember } from './membership.ts';
import type { WorkerSettings } from './options.ts';
import { reportSettled, runJob } from './run-job.ts';

export interface DrainOptions {
  /** Stops after this many attempts. Default 10,000. */
  maxAttempts?: number;
}

/** One recorded attempt. */
export interface DrainedAttempt {
  id: number;
  type: string;
  attempt: number;
  status: 'completed' | 'failed';
  /** Null unless completed. */
  result: Json;
  error: ErrorFact | null;
}

export interface Drained {
  /** Attempts, not jobs. */
  completed: number;
  failed: number;
  /** In the order they ran. */
  ran: DrainedAttempt[];
  /** False if it stopped at `maxAttempts` or lost its lease. */
  idle: boolean;
  /** Milliseconds until the next job is due, not counting future ticks. Null if none is. */
  nextMs: number | null;
}

/** A drain vacuums after this many attempts. */
const VACUUM_AFTER_ATTEMPTS = 1_000;

/** Runs every job that may start, one at a time, and the upkeep steps that are due. None may start while the database is held. */
export async function drain(
  runtime: Runtime,
  options: DrainOptions & Pick<WorkerSettings, 'leaseMs' | 'queues'>,
): Promise<Drained> {
  const { types, database } = runtime;
  const { maxAttempts = 10_000, leaseMs, queues = types.queues() } = options;
  const rules = [...types.scheduled.values()].map(ruleText);
  const member = { leaseMs, queues, types: types.signatures, rules };
  let claimed = 0;
  const work = async (workerId: number, stop: StopSource): Promise<Drained> => {
    const by = { runtime, settler: new Settler(runtime), stop };
    const actor = `worker:${workerId}`;
    const lostWorkers = new LostWorkers(database, { actor, leaseMs, self: () => workerId });
    const upkeep = { runtime, actor, queues, lostWorkers };
    const holdWatch = new HoldWatch(runtime.onEvent);
    const ran: DrainedAttempt[] = [];
    let nextMs: number | null = null;
    for (const { run } of chores(upkeep)) await run();
    // `nextMs` is read after the last claim: a claim may set the time at which a limit has tokens again. Jobs that are ready
    // but cannot be claimed are locked by another process, so the loop gives up after the second idle round.
    for (let idle = 0; idle < 2 && ran.length < maxAttempts && !stop.stopped; idle += 1) {
      const due = await catchUp(upkeep, holdWatch);
      ({ nextMs } = due);
      if (!due.ready) break;
      if (due.more) idle = -1;
      while (ran.length < maxAttempts && !stop.stopped) {
        const job = await claimNextOf(runtime, workerId, queues);
        if (!job) break;
        claimed += 1;
        idle = -1;
        ran.push(...(await runOne(job, by)));
      }
    }
    await rollUpAll(database);
    if (ran.length >= VACUUM_AFTER_ATTEMPTS) {
      for (const { run } of choresAfterWork(upkeep)) await run();
    }
    const completed = ran.filter(({ status }) => status === 'completed').length;
    const idle = ran.length < maxAttempts && !stop.stopped;
    return { completed, failed: ran.length - completed, ran, idle, nextMs };
  };
  return asMember(runtime, member, work, () => claimed === 0);
}

interface CaughtUp {
  /** Jobs may start. */
  ready: boolean;
  /** A step made jobs ready, or is about to. */
  more: boolean;
  /** As in `Drained`. */
  nextMs: number | null;
}

/** Runs every upkeep step that is due. */
async function catchUp(by: UpkeepBy, holdWatch: HoldWatch): Promise<CaughtUp> {
  const { database, types } = by.runtime;
  const due = await findDueWork(database, { ...by, types });
  holdWatch.observe(due.hold);
  let { dueMs, tokensMs } = due;
  let more = false;
  for (const { run } of dueSteps(due, by)) {
    const result = await run();
    more ||= result.more;
    ({ dueMs = dueMs, tokensMs = tokensMs } = result);
  }
  const waits = [dueMs, tokensMs].filter((ms) => ms !== null);
  return {
    ready: due.ready || due.suspects || more,
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
      const { jobs, taken } = await claimNext(database, workerId, from);
      if (jobs[0]) return jobs[0];
      if (taken === 0) break; // Otherwise a limit had no room and the job was parked: try the next one.
    }
  }
  return claimAlone(database, workerId, { queues, types: types.signatures });
}

/** Returns an empty array if the attempt was not recorded: the job belongs, or will belong, to another process. */
async function runOne(
  job: ClaimedJob,
  by: { runtime: Runtime; settler: Settler; stop: StopSource },
): Promise<DrainedAttempt[]> {
  const { runtime, settler } = by;
  settler.trackLease(job.leaseId, 1);
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
