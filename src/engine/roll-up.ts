import type { Database, Queryable } from '../database/database.ts';
import { drawBound, writersEnd } from './seal-bound.ts';
import { BLOCK, COUNTS, SUMS, TALLY } from './tally-sql.ts';

/** One statement rolls up so many ids of the audit at most. */
const SET = 20_000;
/** Most transactions that write the audit end within a moment. For the others it does not wait. */
const WAIT_MS = 50;

const GRAINS = '0, 60, 3600, 86400';
const MERGED = [
  ...COUNTS.map((name) => `${name} = held.${name} + excluded.${name}`),
  'first_id = least(held.first_id, excluded.first_id), last_id = greatest(held.last_id, excluded.last_id)',
  ...['run_times', 'wait_times'].map(
    (name) => `${name} = humdrum.add_counts(held.${name}, excluded.${name})`,
  ),
].join(', ');

// $1, $2: after and up to which id. $3: gaps that are final now. $4: who may still bring rows in between.
const ROLL_UP = `
with due as (
  delete from humdrum.roll_up_gap where id = any ($3::bigint[]) returning missing
),
range as materialized (
  select int8multirange(int8range($1::bigint + 1, $2::bigint + 1)) as span,
    coalesce((select range_agg(piece) from due, unnest(missing) as piece), '{}') as late
),
fresh as materialized (
  select id, at, job_id, attempt, event from humdrum.audit_in((select span + late from range))
),
gap as (
  insert into humdrum.roll_up_gap (writers, missing)
  select $4::text[], missing from (
    select span - coalesce((select range_agg(int8range(id, id + 1)) from fresh where id > $1::bigint), '{}') as missing from range
  ) as left_out where cardinality($4::text[]) > 0 and not isempty(missing)
),${TALLY},
statistic as (
  insert into humdrum.statistic as held (seconds, type, start, ${COUNTS.join(', ')}, first_id, last_id, run_times, wait_times)
  select seconds, type,
    case seconds when 0 then '-infinity' else date_bin(seconds * interval '1 second', minute, timestamptz '2000-01-01T00:00:00Z') end as begin,
  ${SUMS}
  from tally, unnest(array[${GRAINS}]) as seconds group by 1, 2, 3 order by 1, 2, 3
  on conflict (seconds, type, start) do update set ${MERGED}
),
block as (
  insert into humdrum.job_block (term, block)
  select distinct term, block from (
    select term, block from (
      select distinct type, queue, schedule, id / ${BLOCK} as block from told_of
      where id in (select job_id from fresh where event = 'created')
    ) as made, unnest(array['type:' || type, 'queue:' || queue, 'schedule:' || schedule]) as term
    union all
    select 'error:' || error_class, job_id / ${BLOCK} from ended where error_class is not null
    union all
    select humdrum.attribute_term(path, job.input), job.id / ${BLOCK}
    from humdrum.attribute join humdrum.job using (type)
    where job.id = any (array(
      select fresh.job_id from fresh join told_of on told_of.id = fresh.job_id join humdrum.attribute using (type) where event = 'created'
    ))
  ) as seen where term is not null
  order by 1, 2
  on conflict do nothing
),
cursor as (
  update humdrum.roll_up set to_id = $2, to_page = humdrum.summarize_audit(to_page)
)
select count(*) as rows from fresh`;

export interface RolledUp {
  /** Of the audit. */
  rows: number;
  /** More was there than one set holds. */
  more: boolean;
}

const NOTHING: RolledUp = { rows: 0, more: false };

/**
 * Rolls up what has been added to the audit: one set of it, in one transaction with the place up to where it has come.
 * Rows of transactions that are still open are rolled up when those have ended; they hold nothing else up. Writes nothing
 * where there is nothing new, or where another process is at it.
 */
export async function rollUp(db: Database): Promise<RolledUp> {
  const gaps = await gapsOf(db);
  if (gaps.length === 0 && !(await hasGrown(db))) return NOTHING;
  const bound = await drawBound(db);
  const writers = (await writersEnd(db, bound, WAIT_MS)) ? [] : bound.writers;
  const final = await finalOf(db, gaps);
  return db.transaction(async (tx) => {
    const fromId = await takePlace(tx);
    if (fromId === null) return NOTHING;
    const toId = Math.max(fromId, Math.min(bound.toId, fromId + SET));
    if (toId === fromId && final.length === 0) return NOTHING;
    const { rows } = await tx.query<{ rows: number }>(ROLL_UP, [fromId, toId, final, writers]);
    return { rows: rows[0]?.rows ?? 0, more: toId < bound.toId };
  });
}

/** Rolls up all that is final now. */
export async function rollUpAll(db: Database): Promise<void> {
  while ((await rollUp(db)).more);
}

async function hasGrown(db: Queryable): Promise<boolean> {
  const { rows } = await db.query(
    `select from humdrum.audit_id
     where is_called and last_value > coalesce((select to_id from humdrum.roll_up), 0)`,
  );
  return rows.length > 0;
}

interface Gap {
  id: number;
  toId: number;
  writers: string[];
}

/** Those whose writers have all ended. */
async function finalOf(db: Queryable, gaps: readonly Gap[]): Promise<number[]> {
  const final: number[] = [];
  for (const gap of gaps) if (await writersEnd(db, gap, 0)) final.push(gap.id);
  return final;
}

async function gapsOf(db: Queryable): Promise<Gap[]> {
  const { rows } = await db.query<Gap>(
    `select id, upper(missing) - 1 as "toId", writers from humdrum.roll_up_gap order by id limit 1000`,
  );
  return rows;
}

/** Null: another process has it. */
async function takePlace(tx: Queryable): Promise<number | null> {
  await tx.query(
    'insert into humdrum.roll_up select where not exists (select from humdrum.roll_up) on conflict do nothing',
  );
  const { rows } = await tx.query<{ id: number }>(
    'select to_id as id from humdrum.roll_up for update skip locked',
  );
  return rows[0]?.id ?? null;
}
