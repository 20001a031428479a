import { lateSchedules, staffing, stuckLeases } from '../../engine/show/doctor.ts';
import { count, duration, instant } from '../output.ts';
import { ok, problem, warning, type Finding, type Patient } from './finding.ts';

/** What a living worker mends within seconds. */
const LATE_SECONDS = 60;

export async function checkWorkers({ database }: Patient): Promise<Finding[]> {
  const { workers, ready, unknown } = await staffing(database);
  const jobs = `${count(ready)}${ready === 10_000 ? ' or more' : ''} jobs`;
  if (workers === 0 && ready > 0) {
    return [problem('workers', `No worker runs, and ${jobs} may start.`, 'humdrum worker')];
  }
  const said = ok('workers', workers === 0 ? 'none, and nothing to do' : `${workers} alive`);
  if (unknown.length === 0 || workers === 0) return [said];
  return [
    said,
    problem(
      'workers',
      `No running worker knows these types, of which jobs wait: ${unknown.join(', ')}.`,
      'Start a worker whose configuration names them; where a type was renamed, give the new one `aliases`.',
    ),
  ];
}

export async function checkLeases({ database }: Patient): Promise<Finding[]> {
  const stuck = await stuckLeases(database, LATE_SECONDS);
  if (stuck.length === 0) return [ok('leases', 'none is stuck')];
  return stuck.map(({ worker, seconds, jobs }) =>
    problem(
      'leases',
      `Up to ${count(jobs)} jobs are held by ${worker}, which has not been heard of for ${duration(seconds * 1_000)}.`,
      'Start a worker, which rescues them: humdrum worker',
    ),
  );
}

export async function checkSchedules({ database, humdrum }: Patient): Promise<Finding[]> {
  const names = [...humdrum.types.scheduled.keys()];
  const late = await lateSchedules(database, names, LATE_SECONDS);
  if (late.length === 0) return [ok('schedules', `none of ${names.length} is late`)];
  return late.map(({ schedule, nextAt, seconds }) =>
    warning(
      'schedules',
      `${schedule} has been due since ${instant(nextAt)} UTC, ${duration(seconds * 1_000)} ago.`,
      'Start a worker, which fires what was missed: humdrum worker',
    ),
  );
}
