import type { Json } from '../base/json.ts';
import { cancelOverdue } from '../transitions/cancel.ts';
import { claimNext } from '../transitions/claim.ts';
import { findDueWork, isDue } from '../upkeep/due-work.ts';
import { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { ErrorFact } from '../job/failure.ts';
import { Membership } from './membership.ts';
import { runJob } from './run-job.ts';
import type { Runtime } from '../ports/runtime.ts';
import { promote } from '../transitions/promote.ts';
import { rescue } from '../transitions/rescue.ts';
import { rollUpAll } from '../statistics/roll-up.ts';
import { fireDue } from '../schedule/fire.ts';
import { Settler } from '../settle/settler.ts';
import { dropPassedKeys } from '../upkeep/expired-keys.ts';
import { wakeWaiting } from '../transitions/wake.ts';
import type { WorkerSettings } from './options.ts';

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

/** Runs what may start, one job after another, as a worker and its upkeep would. */
export async function drain(
  runtime: Runtime,
  options: DrainOptions & Pick<WorkerSettings, 'leaseMs' | 'queues'>,
): Promise<Drained> {
  const { types, database, onEvent } = runtime;
  const { maxAttempts = 10_000, leaseMs, queues = types.queues() } = options;
  const stop = new StopSource();
  const membership = await Membership.join(database, {
    leaseMs,
    queues,
    types: types.signatures,
    onLost: () => stop.stop(new Error('This process has lost its lease.')),
    onTrouble: (error) => onEvent({ event: 'trouble', doing: 'heartbeat', error }),
  });
  const by = { runtime, settler: new Settler(runtime), stop };
  const { workerId } = membership;
  const ran: DrainedAttempt[] = [];
  let nextMs: number | null = null;
  try {
    // A claim may find out by itself when there is more, so the answer is that of a look after the last of them. Jobs
    // that are seen and not claimed are in the hands of another process.
    for (let idle = 0; idle < 2 && ran.length < maxAttempts && !stop.stopped; idle += 1) {
      const due = await catchUp(runtime, `worker:${workerId}`, queues);
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
    await rollUpAll(runtime.database);
  } finally {
    await membership.leave();
  }
  const completed = ran.filter(({ status }) => status === 'completed').length;
  const idle = ran.length < maxAttempts && !stop.stopped;
  return { completed, failed: ran.length - completed, ran, idle, nextMs };
}

interface CaughtUp {
  /** Jobs may start. */
  ready: boolean;
  /** Some of them could not before. */
  more: boolean;
  /** As in `Drained`. */
  nextMs: number | null;
}

/** What the upkeep of a worker does, all of it that is due, now. */
async function catchUp(
  runtime: Runtime,
  actor: string,
  queues: readonly string[],
): Promise<CaughtUp> {
  const { database, types, onEvent } = runtime;
  const seen = await findDueWork(database, { queues, types });
  const cancelled = seen.overdue ? await cancelOverdue(database, actor) : 0;
  if (seen.passedKeys) await dropPassedKeys(database);
  const { rescued, again } = isDue(seen.lostMs) ? await rescue(database, actor) : NOTHING_RESCUED;
  if (rescued > 0) onEvent({ event: 'jobs-rescued', rescued, again });
  const { fired } = isDue(seen.tickMs) ? await fireDue(database, types, runtime) : NOTHING_FIRED;
  if (fired > 0) onEvent({ event: 'ticks-fired', fired });
  const later = isDue(seen.dueMs) ? await promote(database) : { promoted: 0, nextMs: seen.dueMs };
  const called =
    seen.calls || isDue(seen.tokensMs)
      ? await wakeWaiting(database)
      : { woken: 0, nextMs: seen.tokensMs };
  const waits = [later.nextMs, called.nextMs].filter((ms) => ms !== null);
  const more = cancelled + rescued + fired + later.promoted + called.woken > 0;
  return {
    ready: seen.ready || more,
    more,
    nextMs: waits.length > 0 ? Math.min(...waits) : null,
  };
}

const NOTHING_RESCUED = { rescued: 0, again: 0 };
const NOTHING_FIRED = { fired: 0 };

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

/** Nothing where the attempt was not recorded: another process has the job, or will. */
async function runOne(
  job: ClaimedJob,
  by: { runtime: Runtime; settler: Settler; stop: StopSource },
): Promise<DrainedAttempt[]> {
  const { runtime, settler } = by;
  settler.opened(job.leaseId, 1);
  const { settled, outcome: made } = await runJob(runtime.types.get(job.type), job, by);
  const outcome = await settled;
  await settler.idle();
  if (outcome === false) runtime.onEvent({ event: 'job-fenced', job, outcome: made });
  if (!outcome) return [];
  runtime.onEvent({ event: 'job-settled', job, outcome });
  const { ended } = outcome;
  const { id, type, attempt } = job;
  return 'result' in ended
    ? [{ id, type, attempt, status: 'completed', result: ended.result, error: null }]
    : [{ id, type, attempt, status: 'failed', result: null, error: ended.error }];
}
