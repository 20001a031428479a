-- What is derived from the facts, so that no page counts or looks through millions of rows: statistics, and in which blocks
-- of ids jobs of some kind are. Both are rolled up from the audit by the upkeep of the workers, some seconds later; whoever
-- asks before adds the rows that are still to come. See docs/decisions/0008-statistics-and-lists.md.

-- A job that had failed for good when it was cancelled: counts of statuses need to know.
alter table humdrum.cancellation add column had_failed boolean not null default false;

-- What happened to jobs of a type in a time: in each minute, hour and day (UTC), and ever.
create table humdrum.statistic (
  seconds    integer     not null check (seconds in (0, 60, 3600, 86400)), -- how long the time is; 0: ever
  type       text        not null,
  start      timestamptz not null,
  created    bigint      not null,
  started    bigint      not null,
  completed  bigint      not null, -- attempts, as is failed
  failed     bigint      not null,
  retried    bigint      not null, -- by policy or by people
  released   bigint      not null, -- given back, at no cost of an attempt
  cancelled  bigint      not null, -- while queued
  abandoned  bigint      not null, -- cancelled after they had failed
  first_id   bigint,               -- of those that were created
  last_id    bigint,
  run_times  bigint[]    not null, -- of attempts: how many in each bucket of time, see humdrum.bucket
  wait_times bigint[]    not null, -- of first attempts: from when they were due, or created, to their start
  primary key (seconds, type, start)
) with (fillfactor = 60);

-- Of each block of 1,000 ids, what some of its jobs have: `type:mail.send`, `queue:default`, `schedule:mail.digest`,
-- `error:Timeout`, `input:["tenant"]="acme"`.
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

-- Rows of the audit by their ids. The setting pins the plan, as in humdrum.audit_between.
create function humdrum.audit_in(ids int8multirange) returns setof humdrum.audit
language sql stable rows 5000
set enable_seqscan = off
begin atomic
  select audit.* from unnest(ids) as piece cross join lateral (
    select * from humdrum.audit where id >= lower(piece) and id < upper(piece) offset 0
  ) as audit;
end;

-- Those that are not rolled up yet.
create function humdrum.audit_tail() returns setof humdrum.audit
language sql stable rows 500
begin atomic
  select * from humdrum.audit_in(
    int8multirange(int8range(coalesce((select to_id from humdrum.roll_up), 0) + 1, 9223372036854775807))
    + coalesce((select range_agg(piece) from humdrum.roll_up_gap, unnest(missing) as piece), '{}'));
end;

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

-- The term of an input by a path with dots. Null where there is nothing but null, or an object, an array or long text.
create function humdrum.attribute_term(path text, input json) returns text
language sql immutable
return (
  select case
    when json_typeof(found) in ('string', 'number', 'boolean') and length(found #>> '{}') <= 200
      then 'input:' || path || '=' || (found #>> '{}')
  end from (select input #> string_to_array(path, '.') as found) as look
);
