-- One look at all that a worker sees to, which writes nothing. Idle workers do little else: the settings pin the plan, a step
-- or two into each index, and keep it, since to make it takes longer than to look.
-- The least of an index is one look at its end; `exists` would read the whole table where its statistics are old. Workers and
-- schedules, of which there may be many, are looked up one by one.
-- `heads`: the types of the first hundred jobs of each queue. In how many milliseconds there will be something: null where never.
create function humdrum.glance(
  queues text[], schedules text[],
  out heads text[], out overdue boolean, out passed_keys boolean, out calls boolean, out unrolled boolean,
  out lost_ms double precision, out tick_ms double precision, out due_ms double precision, out tokens_ms double precision
)
language plpgsql
set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
as $$
declare
  now timestamptz := humdrum.clock();
begin
  select
    array (
      select distinct head.type from unnest(queues) as served (queue) cross join lateral (
        select type from humdrum.ready where ready.queue = served.queue order by ready.queue, rank, job_id limit 100
      ) as head
    ),
    coalesce(least(
      (select min(start_by) from humdrum.ready), (select min(start_by) from humdrum.later), (select min(start_by) from humdrum.parked)
    ) <= now, false),
    -- For the minute that they are kept on see unique-keys.ts.
    coalesce((select min(until) from humdrum.unique_key) <= now - interval '1 minute', false),
    exists (select from humdrum.wake_call),
    exists (select from humdrum.roll_up_gap) or exists (
      select from humdrum.audit_id where is_called and last_value > coalesce((select to_id from humdrum.roll_up), 0)
    ),
    (
      select date_part('epoch', min((
        select expires_at from humdrum.worker where id = lease.worker_id and isfinite(expires_at)
      )) - now) * 1000 from humdrum.lease
    ),
    (
      select date_part('epoch', min((
        select next_at from humdrum.schedule where name = wanted.name and isfinite(next_at)
      )) - now) * 1000 from unnest(schedules) as wanted (name)
    ),
    (select date_part('epoch', min(run_at) - now) * 1000 from humdrum.later),
    (select date_part('epoch', min(wake_at) - now) * 1000 from humdrum.bucket where wake_at is not null)
  into heads, overdue, passed_keys, calls, unrolled, lost_ms, tick_ms, due_ms, tokens_ms;
end $$;

-- The same for what lets waiting jobs go on: these plans are pinned already, and what they look up in the history they come to
-- by a join, so that a plan made for the values at hand leaves out no part of it either.
alter function humdrum.wake(text) set plan_cache_mode = force_generic_plan;
alter function humdrum.answer_calls() set plan_cache_mode = force_generic_plan;
