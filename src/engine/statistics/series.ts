import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { percentiles, type Percentiles } from './percentiles.ts';
import type { TypeStatistics } from './statistics.ts';
import { COUNTS, statisticsSql, type Counted } from './sql.ts';

export const STEPS = { minute: 60, hour: 3_600, day: 86_400 } as const;
export type StepName = keyof typeof STEPS;

export interface SeriesOptions {
  /** Both are rounded down to whole steps. `to` is excluded. */
  from: Date;
  to: Date;
  step: StepName;
  /** Default: all. */
  types?: readonly string[];
}

/** The statistics of a type in the step that starts at `at`. Empty steps are left out. */
export type Point = Omit<TypeStatistics, 'type'> & { at: Date };

export interface Series {
  type: string;
  points: Point[];
}

/** The maximum of all series together. */
const MAX_POINTS = 20_000;

type Row = Record<Counted, number> & {
  type: string;
  start: Date;
  runTimes: (number | null)[];
  waitTimes: (number | null)[];
};

const KEYS = 'type, start';
const NUMBERS = `${KEYS}, ${COUNTS.join(', ')}, run_times, wait_times`;

// $1: the length of a step, in seconds. $2, $3: the time range, without its end. $4: types. Adds rows that are not rolled up yet.
const SERIES = `
with tail as materialized (
  select date_bin($1::integer * interval '1 second', minute, timestamptz '2000-01-01T00:00:00Z') as start, type, event, run, wait, times, first_id, last_id
  from humdrum.tally(humdrum.tail())
  where minute >= $2::timestamptz and minute < $3::timestamptz and ($4::text[] is null or type = any ($4))
),
piece as materialized (
  (select ${NUMBERS} from humdrum.statistic
   where seconds = $1 and start >= $2 and start < $3 and ($4::text[] is null or type = any ($4)) limit ${MAX_POINTS + 1})
  union all
  select ${NUMBERS} from (${statisticsSql('tail', KEYS)}) as late
)
select ${KEYS}, ${COUNTS.map((name) => `sum(${name})::bigint as ${name}`).join(', ')},
  humdrum.sum_counts(run_times) as "runTimes", humdrum.sum_counts(wait_times) as "waitTimes"
from piece group by ${KEYS} order by ${KEYS} limit ${MAX_POINTS + 1}`;

/** Statistics by type, in steps of a minute, an hour or a day (UTC). Errors: `filter-invalid`. */
export async function series(
  db: Queryable,
  { from, to, step, types }: SeriesOptions,
): Promise<Series[]> {
  const stepMs = STEPS[step] * 1_000;
  const [first, end] = [from, to].map((at) => Math.floor(at.getTime() / stepMs) * stepMs);
  if (first === undefined || end === undefined || !(first < end)) {
    throw new HumdrumError('filter-invalid', `from must be at least a whole ${step} before to.`);
  }
  const { rows } = await db.query<Row>(SERIES, [
    STEPS[step],
    new Date(first).toISOString(),
    new Date(end).toISOString(),
    types ?? null,
  ]);
  if (rows.length > MAX_POINTS) {
    throw new HumdrumError(
      'filter-invalid',
      `The series have more than ${MAX_POINTS.toLocaleString('en-US')} points: use longer steps, a shorter time range or fewer types.`,
    );
  }
  const byType = new Map<string, Point[]>();
  for (const row of rows) byType.set(row.type, [...(byType.get(row.type) ?? []), pointOf(row)]);
  return [...byType].map(([type, points]) => ({ type, points }));
}

function pointOf({
  start,
  runTimes,
  waitTimes,
  cancelled,
  abandoned,
  type: _type,
  ...row
}: Row): Point {
  const ms: Record<'runMs' | 'waitMs', Percentiles | null> = {
    runMs: percentiles(runTimes.map((times) => times ?? 0)),
    waitMs: percentiles(waitTimes.map((times) => times ?? 0)),
  };
  return { at: start, ...row, cancelled: cancelled + abandoned, ...ms };
}
