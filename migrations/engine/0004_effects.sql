-- Who gets effects: subscribers of events, by patterns of their names, and channels for notifications. A delivery is a job
-- of the type that the receiver is named by.
create table humdrum.receiver (
  name     text     primary key,
  events   text[]   not null,
  attempts smallint not null
);

-- What has been delivered to whom.
create table humdrum.delivery (
  job_id       bigint      not null,
  ordinal      integer     not null,
  receiver     text        not null,
  delivered_at timestamptz not null,
  primary key (job_id, ordinal, receiver)
) partition by range (job_id);

create trigger facts_only before update or delete or truncate on humdrum.delivery
  for each statement execute function humdrum.refuse_change();
