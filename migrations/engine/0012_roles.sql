-- Roles, replication, and rows that nothing needs any more.

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

-- Nobody drops a part without a line in the audit.
create function humdrum.drop_part(part bigint, actor text, reason text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into humdrum.audit (at, event, actor, reason) values (humdrum.clock(), 'dropped', drop_part.actor, drop_part.reason);
  execute (select 'drop table ' || string_agg(format('humdrum.%I', piece), ', ') from humdrum.tables_of_part(part));
end $$;

revoke execute on function humdrum.lock_part(bigint), humdrum.lock_history(bigint), humdrum.drop_part(bigint, text, text) from public;
