/** Ids of jobs stand in blocks of so many. */
export const BLOCK = 1_000;

/** What a statistic counts: events of the audit, but for the last. */
export const COUNTS = [
  'created',
  'started',
  'completed',
  'failed',
  'retried',
  'released',
  'cancelled',
  'abandoned',
] as const;
export type Counted = (typeof COUNTS)[number];

const MINUTE = `date_bin('1 minute', at, timestamptz '2000-01-01T00:00:00Z')`;

// What belongs to the rows is looked up by arrays: only the parts of the history that hold some of it are touched.
/**
 * What rows of the audit (`fresh`) tell, in a few groups: how many of each event by minute and type; with the run times
 * (`times_of` 'run') and waiting times ('wait') of attempts by their buckets. A cancellation of a failed job is
 * `abandoned`.
 */
export const TALLY = `
told_of as materialized (
  select id, type, queue, schedule, greatest(created_at, run_at) as due from humdrum.job
  where id = any (array(select distinct job_id from fresh))
),
ended as materialized (
  select job_id, number, started_at, finished_at, error_class from humdrum.attempt
  where job_id = any (array(select job_id from fresh where event in ('completed', 'failed')))
),
given_up as materialized (
  select job_id from humdrum.cancellation
  where job_id = any (array(select job_id from fresh where event = 'cancelled')) and had_failed
),
told as (
  select ${MINUTE} as minute, told_of.type, fresh.job_id,
    case when given_up.job_id is not null then 'abandoned' else fresh.event end as event,
    humdrum.bucket(ended.finished_at - ended.started_at) as run,
    case when ended.number = 1 then humdrum.bucket(ended.started_at - told_of.due) end as wait
  from fresh join told_of on told_of.id = fresh.job_id
  left join ended on ended.job_id = fresh.job_id and ended.number = fresh.attempt and fresh.event in ('completed', 'failed')
  left join given_up on given_up.job_id = fresh.job_id and fresh.event = 'cancelled'
),
tally as materialized (
  select minute, type, event, run, wait, count(*) as times,
    case 0 when grouping(event) then 'event' when grouping(run) then 'run' else 'wait' end as times_of,
    min(job_id) filter (where event = 'created') as first_id, max(job_id) filter (where event = 'created') as last_id
  from told group by grouping sets ((minute, type, event), (minute, type, run), (minute, type, wait))
)`;

/** The columns of a statistic, from groups of the tally. */
export const SUMS = [
  ...COUNTS.map(
    (name) =>
      `coalesce(sum(times) filter (where times_of = 'event' and event = '${name}'), 0)::bigint as ${name}`,
  ),
  'min(first_id) as first_id, max(last_id) as last_id',
  `humdrum.histogram(run, times::bigint) filter (where times_of = 'run') as run_times`,
  `humdrum.histogram(wait, times::bigint) filter (where times_of = 'wait') as wait_times`,
].join(',\n  ');
