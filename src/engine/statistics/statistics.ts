import type { Queryable } from '../../database/database.ts';
import { boundOf } from '../base/instant.ts';
import { isSystemType } from '../job/registry.ts';
import { type Status, STATUSES } from '../job/lifecycle.ts';
import { running } from '../transitions/running.ts';
import { percentiles, type Percentiles } from './percentiles.ts';
import { type Counted, COUNTS, statisticsSql } from './sql.ts';

/** The default range is all time. Both bounds are rounded down to whole minutes. `to` is excluded. */
export interface StatisticsOptions {
  from?: Date;
  to?: Date;
  type?: string;
}

/** The events of a type's jobs in a time range. `completed` and `failed` count attempts. */
export interface TypeStatistics {
  type: string;
  created: number;
  completed: number;
  failed: number;
  retried: number;
  cancelled: number;
  /** The duration of attempts, in milliseconds. Null if there were none. */
  runMs: Percentiles | null;
  /** How long jobs waited for their first attempt after they were due, in milliseconds. Null if none started. */
  waitMs: Percentiles | null;
}

type Row = Record<Counted, number> & {
  type: string;
  runTimes: number[];
  waitTimes: number[];
};

/** The statistics of the spans $1, $2, $3. OFFSET 0 keeps the plan at one index lookup per span. */
const IN_SPANS = `unnest($1::integer[], $2::timestamptz[], $3::timestamptz[]) as span (length, low, high) cross join lateral (
    select * from humdrum.statistic where seconds = length and start >= low and start < high offset 0
  ) as statistic`;

const summed = (name: string): string => `array(
  select sum(coalesce(times, 0))::bigint from piece as one, unnest(one.${name}) with ordinality as each (times, at)
  where one.type = piece.type group by at order by at)`;

// $1, $2, $3: spans of whole minutes, hours and days. $4, $5: the time range, for rows not rolled up yet. $6: the type.
const IN_RANGE = `
with tail as materialized (
  select * from humdrum.tally(humdrum.tail())
  where minute >= $4::timestamptz and minute < $5::timestamptz and ($6::text is null or type = $6)
),
piece as materialized (
  select type, ${COUNTS.join(', ')}, run_times, wait_times
  from ${IN_SPANS} where $6::text is null or type = $6
  union all
  select type, ${COUNTS.join(', ')}, run_times, wait_times from (${statisticsSql('tail', 'type')}) as late
)
select type, ${COUNTS.map((name) => `sum(${name})::bigint as ${name}`).join(', ')},
  ${summed('run_times')} as "runTimes", ${summed('wait_times')} as "waitTimes"
from piece group by type order by type`;

/** Statistics by type. Their cost does not depend on the number of jobs. Errors: `filter-invalid`. */
export async function statistics(
  db: Queryable,
  { from, to, type }: StatisticsOptions = {},
): Promise<TypeStatistics[]> {
  const spans = spansOf(from, to);
  const { rows } = await db.query<Row>(IN_RANGE, [
    ...paramsOf(spans),
    boundOf(spans.length > 0 ? floor(from?.getTime() ?? -Infinity, 60) : Infinity),
    boundOf(floor(to?.getTime() ?? Infinity, 60)),
    type ?? null,
  ]);
  return rows.map(({ runTimes, waitTimes, ...row }) => ({
    type: row.type,
    created: row.created,
    completed: row.completed,
    failed: row.failed,
    retried: row.retried,
    cancelled: row.cancelled + row.abandoned,
    runMs: percentiles(runTimes),
    waitMs: percentiles(waitTimes),
  }));
}

/** How many jobs of a type have each status. Includes jobs whose history was dropped. */
export type TypeCounts = { type: string } & Record<Status, number>;

const COUNTED = `
select type, ${COUNTS.map((name) => `coalesce(sum(${name}), 0)::bigint as ${name}`).join(', ')} from (
  select type, ${COUNTS.join(', ')} from humdrum.statistic where seconds = 0
  union all
  select type, ${COUNTS.map((name) => `case event when '${name}' then times end`).join(', ')} from humdrum.tally(humdrum.tail())
) as piece where type is not null group by type`;

const RUNNING = `
select job.type, count(*) as running from ${running()} as held
cross join lateral (select type from humdrum.job where job.id = held.job_id offset 0) as job
group by job.type`;

const COUNT = `
select counted.*, coalesce(running, 0) as running
from (${COUNTED}) as counted left join (${RUNNING}) as leased using (type) order by type`;

/** Counts the jobs by type and status, from the counts of audit events. */
export async function countJobs(db: Queryable): Promise<TypeCounts[]> {
  const { rows } = await db.query<Row & { running: number }>(COUNT);
  return rows.map((row) => ({ type: row.type, ...statusesOf(row) }));
}

/** The queued jobs are the rest of those created. `abandoned` counts the failed jobs that were cancelled. */
function statusesOf(row: Record<Counted, number> & { running: number }): Record<Status, number> {
  const { created, completed, failed, retried, cancelled, abandoned } = row;
  const allCancelled = cancelled + abandoned;
  const stillFailed = failed - retried - abandoned;
  const queued = created - completed - stillFailed - allCancelled - row.running;
  const counts = [queued, row.running, completed, stillFailed, allCancelled];
  return Object.fromEntries(STATUSES.map((status, index) => [status, counts[index]])) as Record<
    Status,
    number
  >;
}

/** A range of job ids, both ends included. */
export interface IdRange {
  low: number;
  high: number;
}

const CREATED_IDS = `
select min(low) as low, max(high) as high from (
  select first_id as low, last_id as high
  from ${IN_SPANS}
  union all
  select job_id, job_id from humdrum.audit_in(humdrum.tail()) where event = 'created' and at >= $4::timestamptz and at < $5::timestamptz
) as piece`;

/** An id range that covers the jobs created in a time range; it may include a few others. Null if there are none. */
export async function createdIds(
  db: Queryable,
  from: Date | null,
  to: Date | null,
): Promise<IdRange | null> {
  const low = floor(from?.getTime() ?? -Infinity, MINUTE);
  const high = ceiling(to?.getTime() ?? Infinity, MINUTE);
  const spans = within(low, high, [DAY, HOUR, MINUTE]);
  const { rows } = await db.query<{ low: number | null; high: number | null }>(CREATED_IDS, [
    ...paramsOf(spans),
    boundOf(low),
    boundOf(high),
  ]);
  const { low: first = null, high: last = null } = rows[0] ?? {};
  return first === null || last === null ? null : { low: first, high: last };
}

interface Span {
  seconds: number;
  low: number;
  high: number;
}

const [MINUTE, HOUR, DAY] = [60, 3_600, 86_400] as const;

const paramsOf = (spans: readonly Span[]): unknown[] => [
  spans.map(({ seconds }) => seconds),
  spans.map(({ low }) => boundOf(low)),
  spans.map(({ high }) => boundOf(high)),
];

/** Whole days in the middle, whole hours around them, and minutes at the ends. For all time there is one row per type. */
function spansOf(from?: Date, to?: Date): Span[] {
  if (!from && !to) return [{ seconds: 0, low: -Infinity, high: Infinity }];
  const [low, high] = [from?.getTime() ?? -Infinity, to?.getTime() ?? Infinity];
  return within(floor(low, MINUTE), floor(high, MINUTE), [DAY, HOUR, MINUTE]);
}

function within(low: number, high: number, [seconds, ...finer]: number[]): Span[] {
  if (seconds === undefined || low >= high) return [];
  const [first, last] = [ceiling(low, seconds), floor(high, seconds)];
  if (first >= last) return within(low, high, finer);
  return [
    ...within(low, first, finer),
    { seconds, low: first, high: last },
    ...within(last, high, finer),
  ];
}

const floor = (ms: number, seconds: number): number =>
  Number.isFinite(ms) ? Math.floor(ms / (seconds * 1_000)) * seconds * 1_000 : ms;
const ceiling = (ms: number, seconds: number): number => -floor(-ms, seconds);

export interface ExecutionStats {
  totalExecutions: number;
  successfulExecutions: number;
  failedExecutions: number;
  /** In per cent, with two decimals. 0 if nothing has run. */
  successRate: number;
}

/** Counts all attempts ever made. `system`: also those of the engine's own jobs. */
export async function executionStats(
  db: Queryable,
  { system = false }: { system?: boolean } = {},
): Promise<ExecutionStats> {
  const types = await countAttempts(db, system);
  const { completed, failed } = types;
  const total = completed + failed;
  return {
    totalExecutions: total,
    successfulExecutions: completed,
    failedExecutions: failed,
    successRate: total === 0 ? 0 : Math.round((completed / total) * 10_000) / 100,
  };
}

async function countAttempts(
  db: Queryable,
  system: boolean,
): Promise<Pick<Row, 'completed' | 'failed'>> {
  const { rows } = await db.query<Pick<Row, 'completed' | 'failed'>>(
    `select coalesce(sum(completed), 0)::bigint as completed, coalesce(sum(failed), 0)::bigint as failed from (${COUNTED}) as counted
     where $1::boolean or not ${isSystemType('type')}`,
    [system],
  );
  return rows[0] ?? { completed: 0, failed: 0 };
}
