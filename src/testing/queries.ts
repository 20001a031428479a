import type { Database, Queryable } from '../database/database.ts';
import type { Json } from '../engine/base/json.ts';
import type { Status } from '../engine/job/lifecycle.ts';
import type { Effect } from '../engine/job/outcome.ts';

/** A job as a test sees it. */
export interface JobSeen {
  id: number;
  type: string;
  queue: string;
  priority: number;
  status: Status;
  input: Json;
  /** When it is or was due. */
  runAt: Date;
  /** Number of attempts made. */
  attempts: number;
  schedule: string | null;
  parentId: number | null;
}

/** An effect with the job that emitted it. */
export interface EffectSeen extends Effect {
  jobId: number;
  type: string;
}

/** All jobs, oldest first, up to `atMost`. */
export async function seeJobs(db: Queryable, atMost: number): Promise<JobSeen[]> {
  const { rows } = await db.query<JobSeen>(
    `select id, type, queue, priority, status, input, run_at as "runAt", attempts, schedule, parent_id as "parentId"
     from humdrum.jobs order by id limit $1`,
    [atMost],
  );
  return rows;
}

/** All effects in the order of their jobs, up to `atMost`. */
export async function seeEffects(db: Queryable, atMost: number): Promise<EffectSeen[]> {
  const { rows } = await db.query<EffectSeen>(
    `select job_id as "jobId", job.type, kind, name, data
     from humdrum.effect join humdrum.job on job.id = job_id order by job_id, ordinal limit $1`,
    [atMost],
  );
  return rows;
}

const INSTALL_CLOCK = `
create schema if not exists humdrum_test;
create table if not exists humdrum_test.clock (now timestamptz not null);
create or replace function humdrum.clock() returns timestamptz language sql volatile
return (select now from humdrum_test.clock);`;

/** Makes the engine read the time set with `setClock`. Also marks the database as one for tests. */
export async function installClock(db: Database): Promise<void> {
  await db.transaction((tx) => tx.script(INSTALL_CLOCK));
}

/** Makes the engine read the database's own clock again. The mark stays. */
export async function removeClock(db: Database): Promise<void> {
  await db.query(
    `create or replace function humdrum.clock() returns timestamptz language sql volatile
     return clock_timestamp()`,
  );
}

export async function setClock(db: Queryable, at: Date): Promise<void> {
  await db.query(
    `with before as (delete from humdrum_test.clock) insert into humdrum_test.clock values ($1)`,
    [at.toISOString()],
  );
}

export async function isMarked(db: Queryable): Promise<boolean> {
  const { rows } = await db.query(
    `select from pg_tables where schemaname = 'humdrum_test' and tablename = 'clock'`,
  );
  return rows.length > 0;
}

interface Relation {
  name: string;
  isTable: boolean;
}

/** Tables and sequences of these schemas (null: all except PostgreSQL's own), without the table of migrations. */
async function relations(db: Queryable, schemas: readonly string[] | null): Promise<Relation[]> {
  const { rows } = await db.query<Relation>(
    `select format('%I.%I', nspname, relname) as name, relkind <> 'S' as "isTable"
     from pg_class join pg_namespace on pg_namespace.oid = relnamespace
     where relkind in ('r', 'p', 'S') and nspname !~ '^pg_' and nspname not in ('information_schema', 'humdrum_test')
       and (nspname, relname) <> ('humdrum', 'migration') and ($1::text[] is null or nspname = any ($1))
     order by 1`,
    [schemas],
  );
  return rows;
}

/** Tables that have at least one row. */
export async function tablesInUse(
  db: Queryable,
  schemas: readonly string[] | null,
): Promise<string[]> {
  const tables = (await relations(db, schemas)).filter(({ isTable }) => isTable);
  if (tables.length === 0) return [];
  const each = tables.map(
    ({ name }, at) => `select $${at + 1} as name where exists (select from ${name})`,
  );
  const { rows } = await db.query<{ name: string }>(
    each.join(' union all '),
    tables.map(({ name }) => name),
  );
  return rows.map(({ name }) => name);
}

/** Deletes all rows and restarts all sequences. Disables the triggers that protect append-only tables meanwhile. */
export async function emptyTables(db: Database, schemas: readonly string[] | null): Promise<void> {
  const all = await relations(db, schemas);
  const tables = all.filter(({ isTable }) => isTable).map(({ name }) => name);
  const sequences = all.filter(({ isTable }) => !isTable);
  const { rows: guards } = await db.query<{ on: string; name: string }>(
    `select tgrelid::regclass::text as on, format('%I', tgname) as name from pg_trigger
     where tgenabled = 'O' and not tgisinternal and tgtype & 32 > 0
       and tgrelid in (select name::regclass from unnest($1::text[]) as given (name))`,
    [tables],
  );
  const alterGuards = (action: 'enable' | 'disable'): string[] =>
    guards.map(({ on, name }) => `alter table ${on} ${action} trigger ${name}`);
  const script = [
    ...alterGuards('disable'),
    ...(tables.length > 0 ? [`truncate ${tables.join(', ')} cascade`] : []),
    ...sequences.map(({ name }) => `alter sequence ${name} restart`),
    ...alterGuards('enable'),
  ];
  await db.transaction((tx) => tx.script(script.join(';\n')));
}

const CATALOGS = [
  'attrdef',
  'attribute',
  'constraint',
  'db_role_setting',
  'enum',
  'extension',
  'index',
  'namespace',
  'policy',
  'proc',
  'rewrite',
  'trigger',
  'type',
];

/** A fingerprint of all definitions in the database. Changes when one is added, changed or removed. */
export async function definitions(db: Queryable): Promise<string> {
  const each = CATALOGS.map(
    (name) => `select count(*), max(xmin::text::bigint) as latest from pg_catalog.pg_${name}`,
  );
  const { rows } = await db.query(
    `${each.join(' union all ')} union all select count(*), max(oid::bigint) from pg_class`,
  );
  return JSON.stringify(rows);
}

/** Drops settings, temporary tables and other state of the connection. */
export async function forgetSession(db: Queryable): Promise<void> {
  await db.query('discard all');
}

/** Stops the engine's own schedules, whose jobs would disturb tests that move the clock by hours. */
export async function silenceSchedules(db: Queryable, types: readonly string[]): Promise<void> {
  await db.query(`update humdrum.schedule set next_at = 'infinity' where name = any ($1)`, [types]);
}
