import type { Queryable } from '../../database/database.ts';
import type { JobType } from '../job/job-type.ts';

// Jobs are known by an attribute from the first on that is enqueued after it is there for all: two statements.
const DECLARE = `
insert into humdrum.attribute (type, path) select * from unnest($1::text[], $2::text[]) on conflict do nothing`;
const KNOWN_FROM = `
update humdrum.attribute set from_id = (select last_value + 1 from humdrum.job_id)
where from_id is null and type = any ($1::text[])`;

/** Writes down what jobs of these types can be listed by. What nobody declares any more stays. */
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
