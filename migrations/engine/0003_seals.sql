-- Seals over the audit: a chain of hashes that names the first row that was changed, removed or inserted afterwards.
-- docs/guides/audit.md says what is hashed, to the byte.

-- Rows are read by ranges of ids.
create index audit_ids on humdrum.audit using brin (id) with (pages_per_range = 32, autosummarize = on);

-- The setting pins the plan: without statistics the planner would walk over the whole log for each range.
create function humdrum.audit_between(after bigint, through bigint, at_most bigint) returns setof humdrum.audit
language sql stable rows 10000
set enable_seqscan = off
begin atomic
  select * from humdrum.audit where id > after and id <= through order by id limit at_most;
end;

create table humdrum.seal (
  id        bigint      primary key,
  sealed_at timestamptz not null,
  from_id   bigint      not null, -- of the audit, as is to_id: both belong to the range
  to_id     bigint      not null,
  rows      integer     not null check (rows >= 1),
  previous  bytea       not null check (octet_length(previous) = 32), -- the hash of the seal before
  chain     bytea       not null check (octet_length(chain) = 32),    -- over the rows, in order
  hash      bytea       not null check (octet_length(hash) = 32),     -- over all of these columns
  ids       bytea       not null, -- of the rows: steps from one to the next
  digests   bytea       not null check (octet_length(digests) = 8 * rows),
  check (from_id <= to_id)
);
-- Digests are noise: compressing them would be tried in vain.
alter table humdrum.seal alter column digests set storage external;

create trigger facts_only before update or delete or truncate on humdrum.seal
  for each statement execute function humdrum.refuse_change();

-- Seals are contiguous, whoever makes them.
create function humdrum.require_previous_seal() returns trigger
language plpgsql as $$
begin
  if new.id = 1 and new.from_id = 1 and new.previous = decode(repeat('00', 32), 'hex') then
    return new;
  end if;
  if not exists (
    select from humdrum.seal
    where id = new.id - 1 and hash = new.previous and to_id = new.from_id - 1
  ) then
    raise exception 'seal % is refused: it does not follow seal %', new.id, new.id - 1
      using errcode = 'integrity_constraint_violation';
  end if;
  return new;
end $$;

create trigger follows_the_last before insert on humdrum.seal
  for each row execute function humdrum.require_previous_seal();

-- Up to where to seal next, while transactions that may have drawn an id up to there are still open. One row at most.
create table humdrum.seal_bound (
  one     boolean primary key default true check (one),
  to_id   bigint  not null,
  writers text[]  not null -- their virtual transaction ids
);
