-- Roles, replication, and rows that nothing needs any more.

------------------------------------------------------------------------------------------- logical replication

-- A publication for all tables refuses updates and deletes of a table whose rows nothing identifies. `wake_call` has columns that
-- may be null, and an index would cost each enqueue and each settlement. This costs nothing unless `wal_level` is `logical`.
alter table humdrum.wake_call replica identity full;
