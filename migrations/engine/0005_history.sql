-- The parts of the history: of every table that is partitioned, one for each range of ids.

-- Makes the part of the history that holds `humdrum.history_width()` jobs from part * that many on. Attached, not made in
-- place: that would wait for every transaction, and all others behind it.
create function humdrum.history_width() returns bigint
language sql immutable
return 10000000;

create function humdrum.add_history(part bigint) returns void
language plpgsql as $$
declare
  whole text;
  piece text;
begin
  for whole in select relname from pg_class where relnamespace = 'humdrum'::regnamespace and relkind = 'p' order by relname loop
    piece := whole || '_' || part;
    execute format('create table humdrum.%I (like humdrum.%I including defaults including constraints)', piece, whole);
    execute format('create trigger facts_only before update or delete or truncate on humdrum.%I
      for each statement execute function humdrum.refuse_change()', piece);
    execute format('alter table humdrum.%I attach partition humdrum.%I for values from (%s) to (%s)',
      whole, piece, part * humdrum.history_width(), (part + 1) * humdrum.history_width());
  end loop;
end $$;

-- Not by `to_regclass`, which may still remember that there was none.
create function humdrum.has_history(part bigint) returns boolean
language sql volatile
return exists (select from pg_class where relnamespace = 'humdrum'::regnamespace and relname = 'job_' || part);

-- Sees to it that there is a place for the jobs to come. Any number of processes may call it at once.
create function humdrum.extend_history() returns void
language plpgsql as $$
declare
  last_id bigint := (select last_value from humdrum.job_id);
begin
  for part in last_id / humdrum.history_width() .. last_id / humdrum.history_width() + 1 loop
    continue when humdrum.has_history(part);
    perform pg_advisory_xact_lock(1215652197);
    if not humdrum.has_history(part) then perform humdrum.add_history(part); end if;
  end loop;
end $$;

select humdrum.extend_history();
