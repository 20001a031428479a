-- Limits: how many jobs may run at once, and how many may start in a time. A limit holds for all jobs that name it, or for
-- each key by itself. One of these is a *gate*: "openai", "per-user/17", or "queue:mail" for a whole queue.
--
-- A job with limits stands in the line of one gate (`parked`). Room at the gate wakes the head of the line: it moves to
-- `ready`, where the claim takes slots and tokens of all its gates or, where another one is shut, parks it there. So a job
-- holds nothing before a worker takes it (but see `ordered`), and a long line at one gate is in nobody else's way.
-- Whoever counts at a gate has locked it first, and counts in a snapshot that is younger than the lock.
--
-- What makes room, or joins a line, leaves a `wake_call` in its own transaction. It is answered after the commit: by the
-- same process at once, or by the upkeep of any other.

create table humdrum.limits (
  name        text primary key,
  concurrency integer check (concurrency >= 0),
  tokens      integer check (tokens >= 1), -- at most so many in a burst,
  per_ms      bigint check (per_ms >= 1),  -- and so many in this time
  ordered     boolean not null,            -- one at a time, the next when the one before has ended, retries and all
  check ((tokens is null) = (per_ms is null)),
  check (not ordered or concurrency = 1)
);

-- What running jobs hold of limits on concurrency.
create table humdrum.slot (
  gate   text     not null,
  job_id bigint   not null,
  weight smallint not null,
  kept   boolean  not null, -- between attempts too
  primary key (gate, job_id)
);
create index slot_job_id on humdrum.slot (job_id);

-- Token buckets: what was in them at an instant.
create table humdrum.bucket (
  gate    text             primary key,
  tokens  double precision not null,
  at      timestamptz      not null,
  wake_at timestamptz -- when the head of the line has enough
);
create index bucket_wake_at on humdrum.bucket (wake_at) where wake_at is not null;

create table humdrum.wake_call (
  gate      text,   -- there may be room for its line
  parent_id bigint, -- its children may all have ended
  check ((gate is null) <> (parent_id is null))
);

-- Until the end of the transaction. All that it needs at once, in one order: no two can wait for each other.
create function humdrum.lock_gates(gates text[]) returns void
language plpgsql as $$
declare
  lock integer;
begin
  for lock in select distinct hashtext(gate) from unnest(gates) as gate order by 1 loop
    perform pg_advisory_xact_lock(1215652196, lock);
  end loop;
end $$;

-- Of schedules whose ticks run in turn, each a key, there is no row: nobody has to set it, and nobody can lose it.
create function humdrum.limit_of(gate text) returns humdrum.limits
language sql stable
begin atomic
  select case split_part(gate, '/', 1)
    when 'humdrum.in-turn' then row('humdrum.in-turn', 1, null, null, true)::humdrum.limits
    else (select limits from humdrum.limits where name = split_part(gate, '/', 1))
  end;
end;

create function humdrum.tokens_in(of_gate text, rule humdrum.limits) returns double precision
language sql volatile
begin atomic
  select coalesce(min(least(
    rule.tokens, tokens + extract(epoch from humdrum.clock() - at) * 1000 * rule.tokens / rule.per_ms
  )), rule.tokens)
  from humdrum.bucket where gate = of_gate;
end;

-- How much weight a locked gate has room for, not counting what `for_job` holds. Null: no limit.
create function humdrum.room_at(of_gate text, for_job bigint default null) returns double precision
language plpgsql as $$
declare
  rule humdrum.limits := humdrum.limit_of(of_gate);
  free double precision;
begin
  if rule.concurrency is not null then
    select rule.concurrency - coalesce(sum(weight), 0) into free
    from humdrum.slot where gate = of_gate and job_id is distinct from for_job;
  end if;
  if rule.tokens is not null then
    free := least(free, humdrum.tokens_in(of_gate, rule));
  end if;
  return free;
end $$;

-- How many of a queue may be claimed. Locks the queue's gate, if it has one.
create function humdrum.room_in(queue text, at_most integer) returns integer
language plpgsql as $$
declare
  gate text := 'queue:' || queue;
  rule humdrum.limits := humdrum.limit_of(gate);
  room integer;
begin
  if rule.name is null then return at_most; end if;
  perform humdrum.lock_gates(array[gate]);
  room := greatest(0, floor(least(at_most, humdrum.room_at(gate) + 1e-6)));
  if room < at_most and rule.tokens is not null then perform humdrum.set_alarm(gate, rule); end if;
  return room;
end $$;

-- The first of each type in the line of a gate, found without walking along the line.
create function humdrum.heads_at(of_gate text) returns setof humdrum.parked
language sql volatile
begin atomic
  with recursive types as (
    (select type from humdrum.parked where gate = of_gate order by type limit 1)
    union all
    select (select type from humdrum.parked where gate = of_gate and type > types.type order by type limit 1)
    from types where types.type is not null
  )
  select head.* from types cross join lateral (
    select * from humdrum.parked where gate = of_gate and type = types.type order by rank, job_id limit 1
  ) as head
  where types.type is not null;
end;

-- When to look at the line of a token bucket again: when the lightest of its heads has enough, never where nobody waits. The
-- line of a queue is the queue itself.
create function humdrum.set_alarm(of_gate text, rule humdrum.limits) returns void
language sql
begin atomic
  update humdrum.bucket set wake_at = (
    select humdrum.clock() + greatest(1, (min(least(weight, rule.tokens)) - humdrum.tokens_in(of_gate, rule)) * rule.per_ms / rule.tokens)
      * interval '1 millisecond'
    from (
      select weight from humdrum.heads_at(of_gate)
      union all
      select 1 where of_gate like 'queue:%' and exists (select from humdrum.ready where queue = substr(of_gate, 7))
    ) as head
    having count(*) > 0
  )
  where gate = of_gate;
end;

-- Takes a locked gate's slot or tokens for a job.
create function humdrum.pass(of_gate text, rule humdrum.limits, job bigint, weight integer) returns void
language plpgsql as $$
begin
  if rule.concurrency is not null then
    insert into humdrum.slot (gate, job_id, weight, kept) values (of_gate, job, weight, rule.ordered)
    on conflict do nothing;
  end if;
  if rule.tokens is not null then
    insert into humdrum.bucket (gate, tokens, at)
    values (of_gate, humdrum.tokens_in(of_gate, rule) - weight, humdrum.clock())
    on conflict (gate) do update set tokens = excluded.tokens, at = excluded.at;
  end if;
end $$;

-- Of jobs that a claim has picked from a queue: takes what they need of their limits, parks those that a gate does not
-- let pass, and answers the others.
-- The settings pin the plans of this and of the functions below: PostgreSQL keeps a plan that it has made for empty tables.
create function humdrum.admit(of_queue text, jobs bigint[], attempts smallint[], types text[], woken_by text[]) returns bigint[]
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  admitted bigint[] := '{}';
  queue_gate text[] := array(select name from humdrum.limits where name = 'queue:' || of_queue);
  one record;
  rules humdrum.limits[];
  takes integer[];
  room double precision;
  shut integer;
begin
  perform humdrum.lock_gates(array(select unnest(gates) from humdrum.job where id = any (jobs) and gates is not null));
  for one in
    select job.id, job.rank, job.queue, picked.attempt, picked.type, picked.gate as woken_by,
      case when picked.attempt = 1 then job.start_by end as start_by,
      coalesce(job.gates, '{}') || queue_gate as gates, coalesce(job.weights, '{}') || 1::smallint as weights
    from unnest(jobs, attempts, types, woken_by) as picked (id, attempt, type, gate) join humdrum.job using (id)
    order by job.rank, job.id
  loop
    rules := '{}';
    takes := '{}';
    shut := null;
    for i in 1 .. cardinality(one.gates) loop
      rules[i] := humdrum.limit_of(one.gates[i]);
      takes[i] := least(one.weights[i], (rules[i]).concurrency, (rules[i]).tokens);
      room := humdrum.room_at(one.gates[i], one.id);
      if room < greatest(takes[i] - 1e-6, 1e-6) then
        shut := i;
        exit;
      end if;
    end loop;
    for i in 1 .. coalesce(shut - 1, cardinality(one.gates)) loop
      -- Whose turn it is in a strict order keeps it while it waits elsewhere.
      if shut is null or (rules[i]).ordered then
        perform humdrum.pass(one.gates[i], rules[i], one.id, takes[i]);
      end if;
    end loop;
    if shut is null then
      admitted := admitted || one.id;
    else
      insert into humdrum.parked (job_id, gate, rank, attempt, weight, queue, type, start_by)
      values (one.id, one.gates[shut], one.rank, one.attempt, one.weights[shut], one.queue, one.type, one.start_by);
      -- Of the shut one too: its limit may have been raised since we read it.
      insert into humdrum.wake_call (gate) select one.gates[shut] union select one.woken_by where one.woken_by is not null;
    end if;
    for i in 1 .. coalesce(shut, cardinality(one.gates)) loop
      if (rules[i]).tokens is not null then perform humdrum.set_alarm(one.gates[i], rules[i]); end if;
    end loop;
  end loop;
  return admitted;
end $$;

-- Moves from a locked gate's line to `ready` what there may be room for. For each type as many as if it were alone:
-- a type that no worker runs just now must not keep others waiting. Answers how many.
create function humdrum.wake(of_gate text) returns integer
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  rule humdrum.limits := humdrum.limit_of(of_gate);
  room double precision := humdrum.room_at(of_gate);
  moved integer;
begin
  with head as (select * from humdrum.heads_at(of_gate)),
  turn as (
    -- In a strict order it is the turn of whoever has it already, else of the first, unless that one is awake.
    select parked.job_id from humdrum.slot join humdrum.parked using (gate, job_id) where rule.ordered and slot.gate = of_gate
    union all
    (select job_id from head where rule.ordered and room >= 1 and not exists (select from humdrum.ready where gate = of_gate)
     order by rank, job_id limit 1)
    union all
    select fitting.job_id from head cross join lateral (
      select count(*) as jobs from humdrum.ready where ready.gate = of_gate and ready.type = head.type
    ) as awake cross join lateral (
      select job_id, sum(least(weight, rule.concurrency, rule.tokens)) over (order by rank, job_id) as up_to_here from (
        select * from humdrum.parked where parked.gate = of_gate and parked.type = head.type
        order by rank, job_id limit least(room + 1, 1000)
      ) as first_ones
    ) as fitting
    where not coalesce(rule.ordered, false) and (room is null or (room > 1e-6 and up_to_here + awake.jobs <= room + 1e-6))
  ),
  woken as (
    delete from humdrum.parked where job_id in (select job_id from turn)
    returning job_id, rank, attempt, queue, type, start_by, gate
  ),
  ready as (
    insert into humdrum.ready (job_id, rank, attempt, queue, type, start_by, gate) select * from woken
  )
  select count(*) into moved from woken;
  if rule.tokens is not null then perform humdrum.set_alarm(of_gate, rule); end if;
  return moved;
end $$;

-- Lets go those of the jobs that still wait for children and have none left to wait for. Answers how many.
create function humdrum.gather(parents bigint[]) returns integer
language sql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
begin atomic
  with gathered as (
    delete from humdrum.later
    where job_id = any (parents) and awaiting and not exists (select from humdrum.awaited where parent_id = later.job_id)
    returning job_id, rank, attempt, queue, type, start_by, gate
  ),
  ready as (
    insert into humdrum.ready (job_id, rank, attempt, queue, type, start_by)
    select job_id, rank, attempt, queue, type, start_by from gathered where gate is null
  ),
  parked as (
    insert into humdrum.parked (job_id, gate, rank, attempt, weight, queue, type, start_by)
    select job_id, gathered.gate, gathered.rank, attempt, job.weights[1], gathered.queue, gathered.type, gathered.start_by
    from gathered join humdrum.job on job.id = gathered.job_id where gathered.gate is not null
    returning gate
  ),
  call as (
    insert into humdrum.wake_call (gate) select distinct gate from parked
  )
  select count(*)::integer from gathered;
end;

-- Wakes the lines that have been called or whose alarm is due, and the parents that wait for no child any more. Answers how
-- many jobs may start, and in how many milliseconds the next alarm is due.
create function humdrum.answer_calls(out woken integer, out next_ms double precision)
language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  called text[];
  parents bigint[];
begin
  with answered as (
    delete from humdrum.wake_call where ctid = any (array (select ctid from humdrum.wake_call limit 1000 for update skip locked))
    returning gate, parent_id
  )
  select array_agg(distinct gate) filter (where gate is not null), array_agg(distinct parent_id) filter (where parent_id is not null)
  into called, parents from answered;
  called := called || array(select gate from humdrum.bucket where wake_at <= humdrum.clock() limit 1000);
  woken := 0;
  if cardinality(called) > 0 then
    perform humdrum.lock_gates(called);
    -- Whoever waits for room in a queue stands in `ready` already, and need only be told.
    select sum(humdrum.wake(gate) + (gate like 'queue:%')::integer) into woken from (select distinct gate from unnest(called) as gate) as gates;
  end if;
  if cardinality(parents) > 0 then
    woken := woken + humdrum.gather(parents);
  end if;
  select extract(epoch from min(wake_at) - humdrum.clock()) * 1000 into next_ms from humdrum.bucket where wake_at is not null;
end $$;
