import { missingRights } from '../../database/grants.ts';
import { migrationSets, schemasOf } from '../../engine/job/pack.ts';
import { historyRoom } from '../../engine/show/doctor.ts';
import { count } from '../output.ts';
import { ok, problem, warning, type Finding, type Patient } from './finding.ts';

const SHOWN = 3;

/** Whether the role of this connection may do what a worker does. */
export async function checkRights({ database, options }: Patient): Promise<Finding> {
  const schemas = schemasOf(migrationSets(options.packs ?? []));
  const missing = await missingRights(database, schemas);
  if (missing.length === 0) return ok('rights', 'this role has all that a worker needs');
  const shown = missing.slice(0, SHOWN);
  const listed = shown.map(({ object, privileges }) => `${privileges.join(', ')} on ${object}`);
  const more = missing.length - shown.length;
  const owners = [...new Set(missing.map(({ owner }) => `"${owner}"`))].join(', ');
  return problem(
    'rights',
    `This role lacks rights: ${listed.join('; ')}${more > 0 ? `; and ${count(more)} more` : ''}.`,
    `As the role ${owners}: humdrum db grant ROLE`,
  );
}

/** Workers add a part of the history as soon as the one before begins: millions of ids before it is needed. */
export async function checkHistory({ database }: Patient): Promise<Finding> {
  const { lastId, endId, hasNext } = await historyRoom(database);
  const left = Math.max(0, endId - lastId - 1);
  const fix =
    'Start a worker: humdrum worker. If one runs, its log says why it cannot add the part; give its role the rights: humdrum db grant ROLE';
  if (left === 0) {
    return problem('history', `No job after ${count(lastId)} can be enqueued.`, fix);
  }
  if (hasNext) return ok('history', `there is room for ${count(left)} more jobs`);
  return warning(
    'history',
    `No job after ${count(endId - 1)} can be enqueued until a worker adds the next part. ${count(left)} ids are left.`,
    fix,
  );
}
