/** Ids of jobs stand in blocks of so many, as in `humdrum.tally`. */
export const BLOCK = 200;

/** By longer contents no job is known. */
export const LONGEST_VALUE = 200;

/** SQL of what stands in a job's input. Only what has escapes in it may be what PostgreSQL cannot read. */
export const contentAt = (path: string): string =>
  `case when strpos(job.input::text, '\\u') = 0 then job.input #>> ${path} else humdrum.content_at(job.input, ${path}) end`;

/** What a statistic counts: events of the audit, but for the last. */
export const COUNTS = [
  'created',
  'completed',
  'failed',
  'retried',
  'cancelled',
  'abandoned',
] as const;
export type Counted = (typeof COUNTS)[number];

/** Statistics, one for each value of the keys, of groups as `humdrum.tally` makes them. `groups`: the name of a table. */
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
