/** Job ids per block of `humdrum.job_block`. The SQL function `humdrum.tally` uses the same number. */
export const BLOCK = 200;

/** Longer attribute values are not indexed. In characters. */
export const LONGEST_VALUE = 200;

/** SQL of the value at a path of a job's input. Inputs with `\u` escapes go through a function: PostgreSQL cannot read some. */
export const contentAt = (path: string): string =>
  `case when strpos(job.input::text, '\\u') = 0 then job.input #>> ${path} else humdrum.content_at(job.input, ${path}) end`;

/** The counts of a statistic: audit events, and `abandoned`. */
export const COUNTS = [
  'created',
  'completed',
  'failed',
  'retried',
  'cancelled',
  'abandoned',
] as const;
export type Counted = (typeof COUNTS)[number];

/** SQL that sums the groups of `humdrum.tally` to one statistic per value of `keys`. `groups`: the name of a table or CTE. */
export function statisticsSql(groups: string, keys: string): string {
  const counts = COUNTS.map(
    (name) => `coalesce(sum(times) filter (where event = '${name}'), 0)::bigint as ${name}`,
  );
  const histogram = (name: string): string => `
  left join (
    select ${keys}, humdrum.histogram(${name}, times) as ${name}_times from (
      select ${keys}, ${name}, sum(times)::bigint as times from ${groups} where ${name} is not null group by ${keys}, ${name}
    ) as part group by ${keys}
  ) as of_${name} using (${keys})`;
  return `
  select ${keys}, ${COUNTS.join(', ')}, first_id, last_id, coalesce(run_times, '{null}') as run_times,
    coalesce(wait_times, '{null}') as wait_times
  from (
    select ${keys}, ${counts.join(', ')}, min(first_id) as first_id, max(last_id) as last_id
    from ${groups} where event is not null group by ${keys}
  ) as counted${histogram('run')}${histogram('wait')}`;
}
