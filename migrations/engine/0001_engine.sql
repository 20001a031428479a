-- The storage of the engine: facts that are only ever inserted, and tiny tables whose rows say where a job is.
-- See docs/decisions/0001-facts-and-tiny-hot-tables.md.

-- The engine's only clock. A test replaces this function to move time.
create function humdrum.clock() returns timestamptz
language sql volatile
return clock_timestamp();

---------------------------------------------------------------------------------------------------------- facts

-- Facts of jobs are kept in parts, by ranges of the jobs' ids, which go up with time: old history is dropped, never deleted.
-- See 0005_history.sql. The audit is one table, and stays.

create sequence humdrum.job_id;

create table humdrum.job (
  id           bigint primary key,
  created_at   timestamptz not null,
  run_at       timestamptz not null, -- first due; a scheduled job's tick; what handlers see as now
  rank         integer     not null, -- claims go by it: when it was due, in seconds, and a minute for each point of priority
  priority     smallint    not null, -- lower runs first
  max_attempts smallint    not null check (max_attempts >= 1),
  version      smallint    not null check (version >= 1), -- of its type's input
  type         text        not null,
  queue        text        not null,
  input        json        not null,
  schedule     text,                 -- the schedule that made it
  seed         text,                 -- of its random numbers and ids, where it is not the id
  start_by     timestamptz,          -- cancelled if it has not started by then
  unique_key   text,
  gates        text[],               -- limits that it must pass to start, see 0002_limits.sql
  weights      smallint[],           -- what it takes of each
  parent_id    bigint,               -- the job that waits for it
  on_child_failure text check (on_child_failure in ('fail', 'continue')), -- of a job that waits for children
  trace        text,                 -- W3C trace context of who enqueued it
  check (cardinality(gates) = cardinality(weights))
) partition by range (id);
create index job_parent_id on humdrum.job (parent_id) where parent_id is not null;

-- By their ids. Pinned as `take_ready` below is: a plan that was made for an empty table reads all of a full one. Volatile,
-- and so with a snapshot of its own: what `take_ready` takes may be younger than the statement that calls both.
create function humdrum.jobs_of(ids bigint[]) returns setof humdrum.job
language sql volatile rows 1000
set enable_seqscan = off
begin atomic
  select * from humdrum.job where id = any (ids);
end;

create table humdrum.attempt (
  job_id        bigint      not null,
  lease_id      bigint      not null,
  worker_id     bigint      not null,
  started_at    timestamptz not null,
  finished_at   timestamptz not null,
  number        smallint    not null check (number >= 1),
  status        text        not null check (status in ('completed', 'failed')),
  result        json,
  error_class   text,
  error_message text,
  error_stack   text,
  log           json,
  primary key (job_id, number), -- the fence: of two that would settle one attempt, one cannot
  check ((status = 'failed') = (error_class is not null and error_message is not null)),
  check (status = 'completed' or result is null)
) partition by range (job_id);
create index attempt_finished_at on humdrum.attempt (finished_at);

create table humdrum.cancellation (
  job_id       bigint primary key,
  cancelled_at timestamptz not null
) partition by range (job_id);

create table humdrum.effect (
  job_id  bigint   not null,
  ordinal integer  not null check (ordinal >= 0),
  kind    text     not null check (kind in ('event', 'notification', 'file')),
  name    text     not null,
  data    json     not null,
  primary key (job_id, ordinal) -- its idempotency key, the same however often the job is tried
) partition by range (job_id);
-- Which files are named, for the collector of those that are not.
create index effect_file on humdrum.effect ((data ->> 'sha256')) where kind = 'file';

create sequence humdrum.audit_id;

create table humdrum.audit (
  id      bigint      not null default nextval('humdrum.audit_id'),
  at      timestamptz not null,
  job_id  bigint,
  attempt smallint,
  event   text        not null check (event in
    ('created', 'started', 'completed', 'failed', 'retried', 'cancelled', 'rescued', 'released', 'fenced', 'configured', 'skipped', 'dropped',
     'granted', 'revoked', 'admitted', 'acknowledged')),
  actor   text        not null,
  reason  text
);
-- Block ranges: the rows of a job stand close together, and a b-tree would cost more than the row.
create index audit_job_id on humdrum.audit
  using brin (job_id int8_minmax_multi_ops) with (pages_per_range = 16, autosummarize = on);
create index audit_at on humdrum.audit using brin (at) with (autosummarize = on);

create function humdrum.refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% on %.% is refused: facts are only ever added', tg_op, tg_table_schema, tg_table_name
    using errcode = 'integrity_constraint_violation';
end $$;

create trigger facts_only before update or delete or truncate on humdrum.job
  for each statement execute function humdrum.refuse_change();
create trigger facts_only before update or delete or truncate on humdrum.attempt
  for each statement execute function humdrum.refuse_change();
create trigger facts_only before update or delete or truncate on humdrum.cancellation
  for each statement execute function humdrum.refuse_change();
create trigger facts_only before update or delete or truncate on humdrum.effect
  for each statement execute function humdrum.refuse_change();
create trigger facts_only before update or delete or truncate on humdrum.audit
  for each statement execute function humdrum.refuse_change();

-- Attempt n + 1 needs a failed attempt n. With the primary key this makes attempts contiguous and completion final,
-- without an index of its own; first attempts, nearly all of them, are not looked at.
create function humdrum.require_failed_predecessor() returns trigger
language plpgsql as $$
begin
  if not exists (
    select from humdrum.attempt
    where job_id = new.job_id and number = new.number - 1 and status = 'failed'
  ) then
    raise exception 'attempt % of job % is refused: attempt % has not failed', new.number, new.job_id, new.number - 1
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

create trigger after_a_failed_one before insert on humdrum.attempt
  for each row when (new.number > 1) execute function humdrum.require_failed_predecessor();

-- For a settlement that is to undo the transaction that it is a part of.
create function humdrum.refuse_settlement() returns text
language plpgsql as $$
begin
  raise exception 'the settlement is refused: the lease had passed' using errcode = 'HD001';
end $$;

---------------------------------------------------------------------------------------------- where a job is now

-- What may start now. A claim deletes from it. In the tables of this part, `type` is with the version of the input where
-- that is not 1: "mail.send@2".
create table humdrum.ready (
  job_id   bigint   not null,
  rank     integer  not null,
  attempt  smallint not null, -- the number of the attempt to come
  queue    text     not null,
  type     text     not null,
  start_by timestamptz,       -- of a first attempt
  gate     text,              -- the limit that woke it
  primary key (queue, rank, job_id) -- the first two never change: they are the job's own
) with (fillfactor = 90, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
create index ready_start_by on humdrum.ready (start_by) where start_by is not null;
create index ready_gate on humdrum.ready (gate, type) where gate is not null;

-- The rows that a claim takes, and is the first to take: whoever is at one of them already is not waited for. The settings
-- pin the plan, a walk along the primary key, whatever the statistics of a table that fills and empties all day, or the
-- moment at which a plan was made and kept, make the planner believe.
create function humdrum.take_ready(of_queue text, of_types text[], at_most integer, after_rank integer, after_job bigint)
returns table (job_id bigint, attempt smallint, queue text, rank integer, type text, gate text)
language sql volatile rows 1000
set enable_seqscan = off set enable_bitmapscan = off set enable_sort = off
begin atomic
  delete from humdrum.ready where ctid = any (array (
    select ctid from humdrum.ready
    where queue = of_queue and (rank, job_id) > (after_rank, after_job)
      and type = any (of_types) and (start_by is null or start_by > humdrum.clock())
    order by queue, rank, job_id limit at_most for update skip locked
  ))
  returning job_id, attempt, queue, rank, type, gate;
end;

-- What has a time to come. Promoted to ready when due, so that no claim walks over it.
create table humdrum.later (
  job_id   bigint      primary key,
  run_at   timestamptz not null,
  rank     integer     not null,
  attempt  smallint    not null,
  queue    text        not null,
  type     text        not null,
  start_by timestamptz,
  gate     text,                        -- the first of its limits
  awaiting boolean not null default false -- of children, and at run_at at the latest
);
create index later_run_at on humdrum.later (run_at);
create index later_start_by on humdrum.later (start_by) where start_by is not null;
create index later_awaiting on humdrum.later (job_id) where awaiting;

-- What is due and waits in the line of a limit, one line for each type.
create table humdrum.parked (
  job_id   bigint   primary key,
  gate     text     not null,
  rank     integer  not null,
  attempt  smallint not null,
  weight   smallint not null,
  queue    text     not null,
  type     text     not null,
  start_by timestamptz
);
create index parked_line on humdrum.parked (gate, type, rank, job_id);
create index parked_start_by on humdrum.parked (start_by) where start_by is not null;

-- Children that a waiting job waits for: those that have neither completed, nor failed, nor been cancelled.
create table humdrum.awaited (
  job_id    bigint primary key,
  parent_id bigint not null
);
create index awaited_parent_id on humdrum.awaited (parent_id);

-- Who has a unique key: an open job, or whichever took it last where it is held for a time.
create table humdrum.unique_key (
  type   text        not null,
  key    text        not null,
  job_id bigint      not null,
  since  timestamptz not null, -- of the first of those that were put off one after another
  until  timestamptz,          -- null: while the job is queued or running
  primary key (type, key)
);
create index unique_key_job_id on humdrum.unique_key (job_id);
create index unique_key_until on humdrum.unique_key (until) where until is not null;

-- A worker is one process. Its leases live as long as it says so in time.
create table humdrum.worker (
  id         bigint generated always as identity primary key,
  name       text        not null,
  started_at timestamptz not null,
  expires_at timestamptz not null,
  left_at    timestamptz,                       -- null of one that has never said goodbye: it lives, or has died
  queues     text[]      not null default '{}', -- that it serves
  types      text[]      not null default '{}'  -- that it can run, with their versions
);

-- A batch of claimed jobs. A job in it is running until its attempt is recorded.
create sequence humdrum.lease_id;

create table humdrum.lease (
  id         bigint primary key,
  worker_id  bigint      not null,
  claimed_at timestamptz not null,
  jobs       bigint[]    not null,
  attempts   smallint[]  not null,
  check (cardinality(jobs) = cardinality(attempts))
);
create index lease_worker_id on humdrum.lease (worker_id);
-- Lists that live for a tenth of a second are not worth compressing.
alter table humdrum.lease alter column jobs set storage external, alter column attempts set storage external;

-- What has spent its attempts and waits for an operator.
create table humdrum.failed (
  job_id      bigint primary key,
  failed_at   timestamptz not null,
  rank        integer     not null,
  attempt     smallint    not null, -- the number of the attempt that failed last
  queue       text        not null,
  type        text        not null,
  error_class text        not null
);
create index failed_failed_at on humdrum.failed (failed_at);

------------------------------------------------------------------------------------------------------- schedules

create table humdrum.schedule (
  name      text primary key, -- the job type's
  cron      text        not null,
  time_zone text        not null,
  next_at   timestamptz not null
);
create index schedule_next_at on humdrum.schedule (next_at, name);

-- One row an instant: however many machines see it, one of them makes the job.
create table humdrum.tick (
  schedule text        not null,
  at       timestamptz not null,
  job_id   bigint,               -- that it made; null where it was skipped
  primary key (schedule, at)
);

---------------------------------------------------------------------------------------------------------- for people

create view humdrum.jobs as
select
  job.id, job.type, job.queue, job.priority, job.input, job.schedule, job.parent_id, job.created_at,
  job.run_at as as_of, coalesce(later.run_at, job.run_at) as run_at,
  case
    when cancellation.job_id is not null then 'cancelled'
    when last.status = 'completed' then 'completed'
    when failed.job_id is not null then 'failed'
    when ready.job_id is not null or later.job_id is not null or parked.job_id is not null then 'queued'
    else 'running'
  end as status,
  coalesce(last.number, 0) as attempts, job.max_attempts,
  last.started_at, last.finished_at, last.result, last.error_class, last.error_message
from humdrum.job
left join humdrum.ready on (ready.queue, ready.rank, ready.job_id) = (job.queue, job.rank, job.id)
left join humdrum.later on later.job_id = job.id
left join humdrum.parked on parked.job_id = job.id
left join humdrum.failed on failed.job_id = job.id
left join humdrum.cancellation on cancellation.job_id = job.id
left join lateral (
  select * from humdrum.attempt where attempt.job_id = job.id order by number desc limit 1
) as last on true;
