-- A database that is held starts nothing: no job is claimed and no schedule fires. Made for restored copies, whose jobs must
-- not run. One row while it is held, and none otherwise. Claims read this table, which is why it is nothing but that.
create table humdrum.hold (
  held   boolean     primary key default true check (held),
  at     timestamptz not null,
  actor  text        not null check (actor <> ''),
  reason text        not null check (reason <> '')
);
