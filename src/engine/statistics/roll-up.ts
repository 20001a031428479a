import type { Database, Queryable } from '../../database/database.ts';
import { PREPARED } from '../../database/prepared.ts';
import { readBound, waitForWriters } from '../audit/writers.ts';
import { BLOCK, contentAt, COUNTS, LONGEST_VALUE, statisticsSql } from './sql.ts';

/** The maximum number of audit ids per statement. */
const MAX_IDS = 50_000;
/** Most transactions that write the audit end within this time. It does not wait for the others: see `gap`. */
const WAIT_MS = 50;

const GRAINS = '0, 60, 3600, 86400';
const MERGED = [
  ...COUNTS.map((name) => `${name} = held.${name} + excluded.${name}`),
  'first_id = least(held.first_id, excluded.first_id), last_id = greatest(held.last_id, excluded.last_id)',
  ...['run_times', 'wait_times'].map(
    (name) => `${name} = humdrum.add_counts(held.${name}, excluded.${name})`,
  ),
].join(', ');

// Rolls up the ids after $1 up to $2. $3: the gaps that are final by now. $4: the open transactions that may still commit rows
// in this range; the ids missing now are kept as a gap.
const ROLL_UP = `${PREPARED}
with due as (
  delete from humdrum.roll_up_gap where id = any ($3::bigint[]) returning missing
),
range as materialized (
  select int8multirange(int8range($1::bigint + 1, $2::bigint + 1)) as span,
    coalesce((select range_agg(piece) from due, unnest(missing) as piece), '{}') as late
),
gap as (
  insert into humdrum.roll_up_gap (writers, missing)
  select $4::text[], missing from (
    select span - coalesce((select range_agg(int8range(id, id + 1)) from humdrum.audit_in(span)), '{}') as missing
    from range where cardinality($4::text[]) > 0
  ) as left_out where not isempty(missing)
),
tally as materialized (
  select tally.* from range, humdrum.tally(span + late) as tally
),
grained as materialized (
  select seconds, type,
    case seconds when 0 then '-infinity' else date_bin(seconds * interval '1 second', minute, timestamptz '2000-01-01T00:00:00Z') end as start,
    event, run, wait, sum(times) as times, min(first_id) as first_id, max(last_id) as last_id
  from tally, unnest(array[${GRAINS}]) as seconds where minute is not null group by 1, 2, 3, 4, 5, 6
),
statistic as (
  insert into humdrum.statistic as held (seconds, type, start, ${COUNTS.join(', ')}, first_id, last_id, run_times, wait_times)
  ${statisticsSql('grained', 'seconds, type, start')}
  order by seconds, start, type
  on conflict (seconds, start, type) do update set ${MERGED}
),
block as (
  insert into humdrum.job_block (term, block)
  select distinct term, block from (
    select unnest(terms) as term, block from tally where block is not null
  ) as listed where term is not null order by 1, 2
  on conflict do nothing
),
cursor as (
  update humdrum.roll_up set to_id = $2, to_page = humdrum.summarize_audit(to_page)
)
select coalesce(sum(times), 0)::bigint as rows, (select (span + late)::text from range) as range
from tally where event is not null`;

// Indexes the declared attributes of created jobs. $1: the range that was rolled up. Rows that were committed since are
// harmless: they are indexed again with their gap.
const INDEX_ATTRIBUTES = `
insert into humdrum.job_block (term, block)
select distinct 'input:' || path || '=' || content, block from (
  select path, job.id / ${BLOCK} as block, ${contentAt(`string_to_array(path, '.')`)} as content
  from humdrum.attribute join humdrum.job using (type)
  where job.id = any (array(select job_id from humdrum.audit_in($1::text::int8multirange) where event = 'created'))
  offset 0
) as declared where length(content) <= ${LONGEST_VALUE}
order by 1, 2
on conflict do nothing`;

export interface RolledUp {
  /** Audit rows, without those that no statistic counts. */
  rows: number;
  /** There were more rows than one statement takes. */
  more: boolean;
}

const NOTHING: RolledUp = { rows: 0, more: false };

/**
 * Rolls up the next audit rows, in one transaction with the cursor `to_id`. Rows of transactions that are still open are
 * rolled up after those have ended, without delaying the others. Writes nothing if there is nothing new or another process
 * holds the cursor.
 */
export async function rollUp(db: Database): Promise<RolledUp> {
  const { grown, gaps } = await readProgress(db);
  if (!grown && gaps.length === 0) return NOTHING;
  const bound = await readBound(db);
  const writers = (await waitForWriters(db, bound, WAIT_MS)) ? [] : bound.writers;
  const final = await finalOf(db, gaps);
  return db.transaction(async (tx) => {
    const fromId = await lockCursor(tx);
    if (fromId === null) return NOTHING;
    const toId = Math.max(fromId, Math.min(bound.toId, fromId + MAX_IDS));
    if (toId === fromId && final.length === 0) return NOTHING;
    const { rows } = await tx.query<{ rows: number; range: string }>(ROLL_UP, [
      fromId,
      toId,
      final,
      writers,
    ]);
    if (await hasAttributes(tx)) await tx.query(INDEX_ATTRIBUTES, [rows[0]?.range]);
    return { rows: rows[0]?.rows ?? 0, more: toId < bound.toId };
  });
}

/** Rolls up all rows that are there now. */
export async function rollUpAll(db: Database): Promise<void> {
  while ((await rollUp(db)).more);
}

interface Gap {
  id: number;
  toId: number;
  writers: string[];
}

/** The gaps whose writers have all ended. */
async function finalOf(db: Queryable, gaps: readonly Gap[]): Promise<number[]> {
  const final: number[] = [];
  for (const gap of gaps) if (await waitForWriters(db, gap, 0)) final.push(gap.id);
  return final;
}

const PROGRESS = `
select is_called and last_value > coalesce((select to_id from humdrum.roll_up), 0) as grown, coalesce((
  select json_agg(json_build_object('id', id, 'toId', upper(missing) - 1, 'writers', writers))
  from (select * from humdrum.roll_up_gap order by id limit 1000) as gap
), '[]') as gaps
from humdrum.audit_id`;

/** `grown`: the audit has ids after the cursor. */
async function readProgress(db: Queryable): Promise<{ grown: boolean; gaps: Gap[] }> {
  const { rows } = await db.query<{ grown: boolean; gaps: Gap[] }>(PROGRESS);
  return rows[0] ?? { grown: false, gaps: [] };
}

async function hasAttributes(tx: Queryable): Promise<boolean> {
  const { rows } = await tx.query('select from humdrum.attribute limit 1');
  return rows.length > 0;
}

/** Locks the cursor and returns its id. Null if another process holds it. */
async function lockCursor(tx: Queryable): Promise<number | null> {
  await tx.query(
    'insert into humdrum.roll_up select where not exists (select from humdrum.roll_up) on conflict do nothing',
  );
  const { rows } = await tx.query<{ id: number }>(
    'select to_id as id from humdrum.roll_up for update skip locked',
  );
  return rows[0]?.id ?? null;
}
