import type { Queryable } from '../../database/database.ts';
import type { JobType } from '../job/job-type.ts';

// Jobs are indexed by an attribute from the first id drawn after all processes can see it. So `from_id` is set in a second
// statement, after the first has committed.
const DECLARE = `
insert into humdrum.attribute (type, path) select * from unnest($1::text[], $2::text[]) on conflict do nothing`;
const KNOWN_FROM = `
update humdrum.attribute set from_id = (select last_value + 1 from humdrum.job_id)
where from_id is null and type = any ($1::text[])`;

/** Records the attributes that jobs of these types can be listed by. Never removes one: another process may declare it. */
export async function registerAttributes(db: Queryable, types: readonly JobType[]): Promise<void> {
  const declared = types.flatMap(({ type, attributes }) =>
    attributes.map((path) => ({ type, path })),
  );
  if (declared.length === 0) return;
  const names = declared.map(({ type }) => type);
  const { rows } = await db.query<{ missing: boolean }>(
    `select count(*) < $3 as missing from humdrum.attribute
     where from_id is not null and (type, path) in (select * from unnest($1::text[], $2::text[]))`,
    [names, declared.map(({ path }) => path), declared.length],
  );
  if (rows[0]?.missing === false) return;
  await db.query(DECLARE, [names, declared.map(({ path }) => path)]);
  await db.query(KNOWN_FROM, [names]);
}
