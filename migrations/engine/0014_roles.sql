-- Logical replication, roles that own nothing, what upkeep looks at, and moves by hand.

------------------------------------------------------------------------------------------- logical replication

-- A publication for all tables refuses updates and deletes of a table whose rows nothing identifies. `wake_call` has columns that
-- may be null, and an index would cost each enqueue and each settlement. This costs nothing unless `wal_level` is `logical`.
alter table humdrum.wake_call replica identity full;

--------------------------------------------------------------------------------- what only an owner of tables may do

-- A worker need not own the tables (see `humdrum db grant`): these functions run with the rights of who does.

alter function humdrum.extend_history() security definer set search_path = pg_catalog, pg_temp;

-- The tables of a part of the history, and those that they are parts of. `job` first, as in most queries: who waits for it holds
-- no other.
create function humdrum.tables_of_part(part bigint) returns table (piece text, whole text)
language sql stable
begin atomic
  select one.relname::text, parent.relname::text from pg_class one
  join pg_inherits on inhrelid = one.oid join pg_class parent on parent.oid = inhparent
  where one.relnamespace = 'humdrum'::regnamespace and one.relkind = 'r' and one.relname = parent.relname || '_' || part
  order by parent.relname <> 'job', 1;
end;

-- Keeps writers out of a part, while it is looked at.
create function humdrum.lock_part(part bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  execute format('lock table humdrum.%I in share mode', 'job_' || part);
end $$;

-- Keeps everybody out of the history. Dropping a part locks its parent too. Who reads holds the parent first, so it comes first.
create function humdrum.lock_history(part bigint) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  execute (
    select 'lock table ' || string_agg(format('only humdrum.%I', whole), ', ' order by whole <> 'job', whole) || ', ' || string_agg(format('humdrum.%I', piece), ', ' order by whole <> 'job', whole)
      || ' in access exclusive mode'
    from humdrum.tables_of_part(part)
  );
end $$;

-- Nobody drops a part without a line in the audit, nor one that gets new jobs.
create function humdrum.drop_part(part bigint, actor text, reason text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if part >= (select last_value from humdrum.job_id) / humdrum.history_width() then
    raise exception 'part % of the history is not dropped: it gets new jobs', part using errcode = 'integrity_constraint_violation';
  end if;
  insert into humdrum.audit (at, event, actor, reason) values (humdrum.clock(), 'dropped', drop_part.actor, drop_part.reason);
  execute (select 'drop table ' || string_agg(format('humdrum.%I', piece), ', ') from humdrum.tables_of_part(part));
end $$;

revoke execute on function humdrum.lock_part(bigint), humdrum.lock_history(bigint), humdrum.drop_part(bigint, text, text) from public;

---------------------------------------------------------------------------------------------- what upkeep looks at

-- With `crowded`: more jobs are ready in a queue than were looked at. Behind jobs of types that nobody near knows, there may be
-- others: only a claim finds them. With `suspects`: jobs that wait to run alone. With `now_ms`: the time of this look. And the
-- jobs of a worker that is marked as lost are due to be rescued.
drop function humdrum.glance(text[], text[]);
create function humdrum.glance(
  queues text[], schedules text[],
  out heads text[], out crowded boolean, out overdue boolean, out passed_keys boolean, out calls boolean, out unrolled boolean, out suspects boolean,
  out now_ms double precision,
  out lost_ms double precision, out tick_ms double precision, out due_ms double precision, out tokens_ms double precision
)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
  now timestamptz := humdrum.clock();
begin
  with head as materialized (
    select served.queue, first.type from unnest(queues) as served (queue) cross join lateral (
      select type from humdrum.ready where ready.queue = served.queue order by ready.queue, rank, job_id limit 101
    ) as first
  )
  select
    array (select distinct type from head),
    exists (select from head group by queue having count(*) > 100),
    coalesce(least(
      (select min(start_by) from humdrum.ready), (select min(start_by) from humdrum.later), (select min(start_by) from humdrum.parked)
    ) <= now, false),
    -- For the minute that they are kept on see unique-keys.ts.
    coalesce((select min(until) from humdrum.unique_key) <= now - interval '1 minute', false),
    exists (select from humdrum.wake_call),
    exists (select from humdrum.roll_up_gap) or exists (
      select from humdrum.audit_id where is_called and last_value > coalesce((select to_id from humdrum.roll_up), 0)
    ),
    exists (select from humdrum.parked where gate = 'humdrum.alone'),
    date_part('epoch', now) * 1000,
    (
      select date_part('epoch', min((
        select coalesce(lost_at, expires_at) from humdrum.worker where id = lease.worker_id and (lost_at is not null or isfinite(expires_at))
      )) - now) * 1000 from humdrum.lease
    ),
    (
      select date_part('epoch', min((
        select next_at from humdrum.schedule where name = wanted.name and isfinite(next_at)
      )) - now) * 1000 from unnest(schedules) as wanted (name)
    ),
    (select date_part('epoch', min(run_at) - now) * 1000 from humdrum.later),
    (select date_part('epoch', min(wake_at) - now) * 1000 from humdrum.bucket where wake_at is not null)
  into heads, crowded, overdue, passed_keys, calls, unrolled, suspects, now_ms, lost_ms, tick_ms, due_ms, tokens_ms;
end $$;

--------------------------------------------------------------------------------- moves that SQL by hand may not make

-- Where a job is decides its status, so a row that comes or goes by itself would change it. Neither table is on the way of a job
-- that completes. The settings pin the plans.

-- Before the statement: `stable` functions see what was there when it began.
create function humdrum.refuse_cancellation_of_others() returns trigger
language plpgsql stable
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (select from humdrum.failed where job_id = new.job_id) or exists (select from humdrum.later where job_id = new.job_id)
    or exists (select from humdrum.parked where job_id = new.job_id)
    or exists (
      select from humdrum.job join humdrum.ready on (ready.queue, ready.rank, ready.job_id) = (job.queue, job.rank, job.id)
      where job.id = new.job_id
    )
  then
    return new;
  end if;
  raise exception 'the cancellation of job % is refused: the job is neither queued nor failed', new.job_id
    using errcode = 'integrity_constraint_violation', hint = 'Cancel jobs with: humdrum jobs cancel ID --reason REASON';
end $$;

create trigger of_open_jobs_only before insert on humdrum.cancellation
  for each row execute function humdrum.refuse_cancellation_of_others();

-- After the statement: `volatile` functions see what it has done.
create function humdrum.refuse_half_a_cancellation() returns trigger
language plpgsql volatile
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (select from humdrum.failed where job_id = new.job_id) or exists (select from humdrum.later where job_id = new.job_id)
    or exists (select from humdrum.parked where job_id = new.job_id)
    or exists (
      select from humdrum.job join humdrum.ready on (ready.queue, ready.rank, ready.job_id) = (job.queue, job.rank, job.id)
      where job.id = new.job_id
    )
  then
    raise exception 'the cancellation of job % is refused: the job is still queued or failed', new.job_id
      using errcode = 'integrity_constraint_violation', hint = 'Cancel jobs with: humdrum jobs cancel ID --reason REASON';
  end if;
  return null;
end $$;

create trigger whole_cancellations_only after insert on humdrum.cancellation
  for each row execute function humdrum.refuse_half_a_cancellation();

create function humdrum.refuse_loss_of_failed() returns trigger
language plpgsql volatile
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if tg_op = 'DELETE' and (
    exists (select from humdrum.cancellation where job_id = old.job_id)
    or exists (select from humdrum.later where job_id = old.job_id) or exists (select from humdrum.parked where job_id = old.job_id)
    or exists (
      select from humdrum.job join humdrum.ready on (ready.queue, ready.rank, ready.job_id) = (job.queue, job.rank, job.id)
      where job.id = old.job_id
    )
  ) then
    return null;
  end if;
  raise exception '% on humdrum.failed is refused: the job % would be lost', tg_op, coalesce(old.job_id::text, 'in it')
    using errcode = 'integrity_constraint_violation',
      hint = 'Retry or cancel jobs with: humdrum jobs retry ID --reason REASON, or humdrum jobs cancel ID --reason REASON';
end $$;

create trigger never_alone after delete or update of job_id on humdrum.failed
  for each row execute function humdrum.refuse_loss_of_failed();
create trigger never_all before truncate on humdrum.failed
  for each statement execute function humdrum.refuse_loss_of_failed();
