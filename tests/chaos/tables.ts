import type { Client } from 'pg';

/** What the suite writes beside the engine's tables. */
const OURS = `
create table public.witness (
  job_id bigint not null, attempt smallint not null, pid integer not null, what text not null,
  at timestamptz not null default clock_timestamp()
);
create table public.effect_row (job_id bigint not null, attempt smallint not null, pid integer not null);
create table public.heard (id bigint generated always as identity, key text not null);
`;

/**
 * The fence taken out of the database: nothing says any more that an attempt is recorded once, or that it needs a failed
 * one before it. Workers take out the rest, see `without-fence-hook.ts`.
 */
const NO_FENCE = `
alter table humdrum.attempt drop constraint attempt_pkey;
create index attempt_without_fence on humdrum.attempt (job_id, number);
drop trigger after_a_failed_one on humdrum.attempt;
create table public.lease_ever (like humdrum.lease);
create function public.remember_lease() returns trigger language plpgsql as $$
begin
  insert into public.lease_ever select new.*;
  return new;
end $$;
create trigger remember_lease after insert on humdrum.lease
  for each row execute function public.remember_lease();
`;

export async function makeTables(client: Client, fence: boolean): Promise<void> {
  await client.query(OURS);
  if (!fence) await client.query(NO_FENCE);
}
