import { describeHold } from '../../engine/job/hold.ts';
import {
  lateSchedules,
  staffing,
  stuckLeases,
  unreadableSchedules,
  unservedQueues,
} from '../../engine/show/doctor.ts';
import { readHold } from '../../engine/transitions/hold.ts';
import { amount, duration, instant } from '../output.ts';
import { ok, problem, warning, type Finding, type Patient } from './finding.ts';

/** A running worker would have caught up within seconds. */
const LATE_SECONDS = 60;

export async function checkWorkers({ database }: Patient): Promise<Finding[]> {
  const { workers, ready, unknown } = await staffing(database);
  const jobs = ready === 10_000 ? '10,000 or more jobs' : amount(ready, 'job');
  if (workers === 0 && ready > 0) {
    return [
      problem(
        'workers',
        `No worker is running, but ${jobs} ${ready === 1 ? 'is' : 'are'} ready.`,
        'humdrum worker',
      ),
    ];
  }
  const staffed = ok('workers', workers === 0 ? 'none, and no jobs are ready' : `${workers} alive`);
  if (unknown.length === 0 || workers === 0) return [staffed];
  return [
    staffed,
    problem(
      'workers',
      `Jobs are waiting, but no running worker has their types: ${unknown.join(', ')}.`,
      'Start a worker that has these types. If a type was renamed, add its old name to `aliases`.',
    ),
  ];
}

export async function checkHold({ database }: Patient): Promise<Finding> {
  const hold = await readHold(database);
  if (!hold) return ok('hold', 'none');
  const says = `The database is held ${describeHold(hold)}. No job starts and no schedule fires.`;
  return warning('hold', says, 'humdrum db unhold, if this is not a copy whose jobs must not run');
}

/** Without any worker, `checkWorkers` says so. */
export async function checkQueues({ database }: Patient): Promise<Finding[]> {
  const unserved = await unservedQueues(database);
  if (unserved.length === 0) return [ok('queues', 'none with ready jobs lacks a worker')];
  return unserved.map(({ queue, ready }) =>
    warning(
      'queues',
      `The queue "${queue}" has ${amount(ready, 'ready job')}, but no running worker serves it.`,
      'Add the queue to `worker.queues`, or start a worker without that setting: humdrum worker',
    ),
  );
}

export async function checkLeases({ database }: Patient): Promise<Finding[]> {
  const stuck = await stuckLeases(database, LATE_SECONDS);
  if (stuck.length === 0) return [ok('leases', 'none are stuck')];
  return stuck.map(({ worker, seconds, jobs }) =>
    problem(
      'leases',
      `Worker ${worker} has sent no heartbeat for ${duration(seconds * 1_000)} and holds up to ${amount(jobs, 'job')}.`,
      'Start a worker, which will rescue them: humdrum worker',
    ),
  );
}

export async function checkSchedules({ database, humdrum }: Patient): Promise<Finding[]> {
  const names = [...humdrum.types.scheduled.keys()];
  if (await readHold(database)) return [ok('schedules', 'none fires: the database is held')];
  const unreadable = await unreadableSchedules(database, names);
  const bad = unreadable.map(({ schedule, reason }) =>
    problem(
      'schedules',
      `${schedule} is not fired here: its rule in the database cannot be read. ${reason}`,
      'Update Node, if the time zone is new. Otherwise start a program with a valid rule, which replaces it: humdrum worker',
    ),
  );
  const late = (await lateSchedules(database, names, LATE_SECONDS)).filter(
    (one) => !unreadable.some(({ schedule }) => schedule === one.schedule),
  );
  const overdue = late.map(({ schedule, nextAt, seconds }) =>
    warning(
      'schedules',
      `${schedule} has been due since ${instant(nextAt)} UTC, ${duration(seconds * 1_000)} ago.`,
      'Start a worker, which will fire the missed ticks: humdrum worker',
    ),
  );
  const found = [...bad, ...overdue];
  return found.length > 0 ? found : [ok('schedules', `none of ${names.length} are late`)];
}
