-- Who is charged for a lost worker: not every job that it held. See docs/decisions/0012-who-is-charged.md.

-- A lease that has passed is a suspicion, and a heartbeat that comes late still renews it. `lost_at` is the end: from then on
-- nothing is recorded for the jobs of this worker. `lost_jobs`: how many it was running, or held.
alter table humdrum.worker
  add column lost_at       timestamptz,
  add column lost_jobs     integer,
  add column blocked_since timestamptz; -- its event loop does not run: a handler computes

-- An attempt that is not counted. `worker`: its worker was lost while it held other jobs. `database`: the database was away, or
-- refused its transaction through no fault of the handler. `handler`: the handler asked for it.
create table humdrum.loss (
  job_id    bigint      not null,
  ordinal   smallint    not null check (ordinal >= 1),
  kind      text        not null check (kind in ('worker', 'database', 'handler')),
  number    smallint    not null, -- of the attempt
  worker_id bigint      not null,
  at        timestamptz not null,
  reason    text        not null,
  primary key (job_id, ordinal)
) partition by range (job_id);
create trigger facts_only before update or delete or truncate on humdrum.loss
  for each statement execute function humdrum.refuse_change();

-- The parts that the history has already.
do $$
declare
  piece text;
  part  bigint;
begin
  for piece, part in
    select relname, substr(relname, 5)::bigint from pg_class
    where relnamespace = 'humdrum'::regnamespace and relkind = 'r' and relname ~ '^job_[0-9]+$'
  loop
    execute format('create table humdrum.%I (like humdrum.loss including defaults including constraints)', 'loss_' || part);
    execute format('create trigger facts_only before update or delete or truncate on humdrum.%I
      for each statement execute function humdrum.refuse_change()', 'loss_' || part);
    execute format('alter table humdrum.loss attach partition humdrum.%I for values from (%s) to (%s)',
      'loss_' || part, part * humdrum.history_width(), (part + 1) * humdrum.history_width());
  end loop;
end $$;

-- As `take_ready`, for a worker that knows types with a single attempt. Such a job must not run twice, so once it is claimed it
-- is taken for begun. The first `free` rows start at once; behind them this takes rows up to the first such job.
create function humdrum.take_ready_before(
  of_queue text, of_types text[], single_types text[], free integer, at_most integer, after_rank integer, after_job bigint
)
returns table (job_id bigint, attempt smallint, queue text, rank integer, type text, gate text)
language sql volatile rows 1000
set enable_seqscan = off set enable_bitmapscan = off
begin atomic
  delete from humdrum.ready where ctid = any (array (
    select counted.ctid from (
      select placed.ctid, nth, count(*) filter (where nth > free and placed.type = any (single_types)) over (order by nth) as singles
      from (
        select first.ctid, first.type, row_number() over (order by first.rank, first.job_id) as nth from (
          select ready.ctid, ready.type, ready.rank, ready.job_id from humdrum.ready
          where ready.queue = of_queue and (ready.rank, ready.job_id) > (after_rank, after_job)
            and ready.type = any (of_types) and (ready.start_by is null or ready.start_by > humdrum.clock())
          order by ready.queue, ready.rank, ready.job_id limit at_most for update skip locked
        ) as first
      ) as placed
    ) as counted
    where singles = 0
  ))
  returning ready.job_id, ready.attempt, ready.queue, ready.rank, ready.type, ready.gate;
end;

-- The rates that these jobs wait for have no tokens until a time: a service has asked for it.
create function humdrum.hold_rates(of_jobs bigint[], for_ms double precision[]) returns void
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  one record;
begin
  perform humdrum.lock_gates(array(select unnest(gates) from humdrum.job where id = any (of_jobs) and gates is not null));
  for one in
    select held.gate, rule, max(held.ms) as ms
    from (
      select unnest(job.gates) as gate, given.ms from unnest(of_jobs, for_ms) as given (id, ms) join humdrum.job using (id)
    ) as held cross join lateral humdrum.limit_of(held.gate) as rule
    where (rule).tokens is not null group by held.gate, rule
  loop
    insert into humdrum.bucket (gate, tokens, at) values (one.gate, 0, humdrum.clock() + one.ms * interval '1 millisecond')
    on conflict (gate) do update set tokens = 0, at = greatest(bucket.at, excluded.at);
    perform humdrum.set_alarm(one.gate, one.rule);
  end loop;
end $$;
