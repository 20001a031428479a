-- What is derived from the facts, so that no page counts or looks through millions of rows: statistics, and in which blocks
-- of ids jobs of some kind are. Both are rolled up from the audit by the upkeep of the workers, some seconds later; whoever
-- asks before adds the rows that are still to come. See docs/decisions/0008-statistics-and-lists.md.

-- A job that had failed for good when it was cancelled: counts of statuses need to know.
alter table humdrum.cancellation add column had_failed boolean not null default false;

-- What happened to jobs of a type in a time: in each minute, hour and day (UTC), and ever.
create table humdrum.statistic (
  seconds    integer     not null check (seconds in (0, 60, 3600, 86400)), -- how long the time is; 0: ever
  start      timestamptz not null,
  type       text        not null,
  created    bigint      not null,
  completed  bigint      not null, -- attempts, as is failed
  failed     bigint      not null,
  retried    bigint      not null, -- by policy or by people
  cancelled  bigint      not null, -- while queued
  abandoned  bigint      not null, -- cancelled after they had failed
  first_id   bigint,               -- of those that were created
  last_id    bigint,
  run_times  bigint[]    not null, -- of attempts: how many in each bucket of time, see humdrum.bucket
  wait_times bigint[]    not null, -- of first attempts: from when they were due, or created, to their start
  primary key (seconds, start, type)
) with (fillfactor = 60);

-- Of each block of 200 ids, what some of its jobs have: `type:mail.send`, `queue:default`, `schedule:mail.digest`,
-- `input:tenant=acme`, `error:Timeout`; and on which days (UTC) attempts of theirs ended, `ended:2026-01-31`.
create table humdrum.job_block (
  term  text   not null,
  block bigint not null,
  primary key (term, block)
);

-- Paths of inputs that jobs can be listed by, as their types declare them.
create table humdrum.attribute (
  type    text not null,
  path    text not null, -- with dots
  from_id bigint,        -- of the first job that is in job_block by it. Null: not yet known
  primary key (type, path)
);

-- Up to where the audit is rolled up. One row at most.
create table humdrum.roll_up (
  one     boolean primary key default true check (one),
  to_id   bigint  not null default 0,
  to_page bigint  not null default 0 -- of the audit's table: up to there it is summarized
);

-- Ids up to there of which no row was there, and the transactions that may still bring some.
create table humdrum.roll_up_gap (
  id      bigint         generated always as identity primary key,
  writers text[]         not null, -- their virtual transaction ids
  missing int8multirange not null
);

-- What stands in an input, as text. PostgreSQL reads no JSON that has a NUL or half of a character anywhere, which it has stored
-- as it came: such a job is found by none of its contents.
create function humdrum.content_at(input json, path text[]) returns text
language plpgsql immutable as $$
begin
  return input #>> path;
exception when data_exception then
  return null;
end $$;

-- Times in buckets: 0 holds what is below a millisecond, n what is from 2^((n-1)/4) to 2^(n/4) ms, 128 all from 40 days on.
create function humdrum.bucket(taken interval) returns integer
language sql immutable
return case
  when taken < interval '1 millisecond' then 0
  when taken >= interval '40 days' then 128
  else floor(1 + 4 * ln(date_part('epoch', taken) * 1000) / ln(2::float8))::integer
end;

-- Histograms are arrays that are null where nothing was counted: that takes a bit, not a number.
create function humdrum.count_in(counts bigint[], bucket integer, times bigint) returns bigint[]
language plpgsql immutable as $$
begin
  if bucket is not null then counts[bucket + 1] := coalesce(counts[bucket + 1], 0) + times; end if;
  return counts;
end $$;

create aggregate humdrum.histogram(bucket integer, times bigint) (
  sfunc = humdrum.count_in, stype = bigint[], initcond = '{null}' -- not empty: its first element would be its first index
);

create function humdrum.add_counts(one bigint[], other bigint[]) returns bigint[]
language sql immutable
return array(select case when a is null then b else a + coalesce(b, 0) end from unnest(one, other) with ordinality as both_of (a, b, at) order by at);

create aggregate humdrum.sum_counts(bigint[]) (sfunc = humdrum.add_counts, stype = bigint[], initcond = '{}');

-- Rows of the audit by their ids. The setting pins the plan, as in humdrum.audit_between.
create function humdrum.audit_in(ids int8multirange) returns setof humdrum.audit
language sql stable rows 5000
set enable_seqscan = off
begin atomic
  select audit.* from unnest(ids) as piece cross join lateral (
    select * from humdrum.audit where id >= lower(piece) and id < upper(piece) offset 0
  ) as audit;
end;

-- Which are not rolled up yet.
create function humdrum.tail() returns int8multirange
language sql stable
return int8multirange(int8range(coalesce((select to_id from humdrum.roll_up), 0) + 1, 9223372036854775807))
  + coalesce((select range_agg(piece) from humdrum.roll_up_gap, unnest(missing) as piece), '{}');

-- What rows of the audit tell, in a few groups: jobs that were made (event 'created'), attempts that ended, by buckets of
-- their run times; their waiting times (event null); what else happened; and in which blocks that was (terms). The audit is
-- read once, the facts once by arrays. The planner takes such an array for a short one; the settings say that it is not.
create function humdrum.tally(ids int8multirange) returns table (
  minute timestamptz, type text, event text, run integer, wait integer,
  terms text[], block bigint, times bigint, first_id bigint, last_id bigint
)
language plpgsql stable rows 1000
set enable_nestloop = off set enable_seqscan = off set enable_sort = off
as $$
#variable_conflict use_column
declare
  epoch constant timestamptz := '2000-01-01T00:00:00Z';
  made bigint[];
  tried bigint[];
  again_ids bigint[];
  again_numbers smallint[];
  other_ids bigint[];
  other_events text[];
  other_times timestamptz[];
begin
  select array_agg(job_id) filter (where event = 'created'),
    array_agg(job_id) filter (where event in ('completed', 'failed')),
    array_agg(job_id) filter (where event = 'failed' or event = 'completed' and attempt > 1),
    array_agg(attempt) filter (where event = 'failed' or event = 'completed' and attempt > 1),
    array_agg(job_id) filter (where event in ('retried', 'cancelled')),
    array_agg(event) filter (where event in ('retried', 'cancelled')),
    array_agg(at) filter (where event in ('retried', 'cancelled'))
  into made, tried, again_ids, again_numbers, other_ids, other_events, other_times
  from unnest(ids) as piece cross join lateral (
    select * from humdrum.audit
    where id >= lower(piece) and id < upper(piece) and event in ('created', 'completed', 'failed', 'retried', 'cancelled') offset 0
  ) as audit;

  return query
  select date_bin('1 minute', created_at, epoch), type, 'created', null::integer, null::integer,
    array['type:' || type, 'queue:' || queue, 'schedule:' || schedule], id / 200, count(*), min(id), max(id)
  from humdrum.job where id = any (made) group by 1, type, queue, schedule, id / 200;

  -- Of a job that completed at once there is one attempt, and it is in these rows.
  return query
  select minute, type, status, run, wait, array['ended:' || to_char(day at time zone 'UTC', 'YYYY-MM-DD')], block,
    count(*), null::bigint, null::bigint
  from (
    select date_bin('1 minute', finished_at, epoch) as minute, date_bin('1 day', finished_at, epoch) as day, job_id / 200 as block,
      type, status, humdrum.bucket(finished_at - started_at) as run,
      case when number = 1 then humdrum.bucket(started_at - greatest(created_at, run_at)) end as wait
    from (
      select * from humdrum.attempt where job_id = any (tried)
        and (number = 1 and status = 'completed' or (job_id, number) in (select * from unnest(again_ids, again_numbers)))
    ) as attempt join (select * from humdrum.job where id = any (tried)) as job on job.id = job_id
  ) as ended
  group by grouping sets ((minute, type, status, run), (minute, type, wait), (day, block));

  if other_ids is not null then
    return query
    select date_bin('1 minute', at, epoch), type, case when given_up.job_id is null then event else 'abandoned' end,
      null::integer, null::integer, null::text[], null::bigint, count(*), null::bigint, null::bigint
    from unnest(other_ids, other_events, other_times) as other (job_id, event, at)
    join (select * from humdrum.job where id = any (other_ids)) as job on job.id = other.job_id
    left join (
      select job_id from humdrum.cancellation where job_id = any (other_ids) and had_failed
    ) as given_up on given_up.job_id = other.job_id and event = 'cancelled'
    group by 1, 2, 3;
  end if;

  if again_ids is not null then
    return query
    select null::timestamptz, null::text, null::text, null::integer, null::integer, array['error:' || error_class],
      job_id / 200, count(*), null::bigint, null::bigint
    from humdrum.attempt where job_id = any (again_ids) and error_class is not null group by error_class, job_id / 200;
  end if;
end $$;

-- The audit's index by ids knows whole ranges of pages only when they are summarized, which autovacuum does within a minute
-- or so: until then each look at the end reads them all. Answers up to where. Gives way to a vacuum at once.
create function humdrum.summarize_audit(from_page bigint) returns bigint
language plpgsql security definer
set search_path = pg_catalog set lock_timeout = '20ms'
as $$
declare
  pages constant bigint := pg_relation_size('humdrum.audit') / current_setting('block_size')::bigint;
  page bigint := from_page;
begin
  while page + 32 <= pages loop
    perform brin_summarize_range('humdrum.audit_ids', page);
    page := page + 32;
  end loop;
  return page;
exception when lock_not_available then
  return from_page;
end $$;
