-- Alerts: what the checks of the health remember from one to the next, what they have found, who was told of it, and how
-- that went. See docs/guides/alerts.md.

-- A type that something is expected of, or that has a schedule, or that has run since somebody looks.
create table humdrum.watched_type (
  type            text        primary key,
  every_ms        bigint      check (every_ms > 0),  -- it succeeds at least so often
  expect_ms       bigint      check (expect_ms > 0), -- no run takes longer
  rule            text,                              -- of its schedule
  patience_ms     bigint      check (patience_ms > 0), -- so late may a success come after the tick
  since           timestamptz not null,              -- the window counts from here where nothing has succeeded
  seen_at         timestamptz not null,              -- a worker knew it, to the hour
  last_success_at timestamptz,                       -- to the minute
  failures        bigint      not null default 0 check (failures >= 0), -- attempts since, in the minutes that are counted
  given_up        bigint      not null default 0 check (given_up >= 0)  -- those of them after which nothing tried again
);

-- Up to when the statistics of minutes are counted. One row at most. Who checks holds it.
create table humdrum.health_check (
  one        boolean     primary key default true check (one),
  counted_to timestamptz not null,
  checked_at timestamptz -- null: never
);

create table humdrum.alert (
  id              bigint      generated always as identity primary key,
  kind            text        not null,
  subject         text        not null, -- the job type, queue:NAME, workers or database
  level           smallint    not null check (level between 0 and 3),
  summary         text        not null,
  facts           json        not null,
  fired_at        timestamptz not null,
  seen_at         timestamptz not null, -- found again, the last time
  level_at        timestamptz not null, -- it has this level since
  notified_at     timestamptz,          -- people were told the last time
  acknowledged_at timestamptz,
  acknowledged_by text,
  reason          text,                 -- of who acknowledged it
  resolved_at     timestamptz,
  check ((acknowledged_at is null) = (acknowledged_by is null))
);
-- Of one kind and subject at most one is open.
create unique index alert_open on humdrum.alert (kind, subject) where resolved_at is null;

-- Each time that people were to be told.
create table humdrum.alert_notice (
  id       bigint      generated always as identity primary key,
  alert_id bigint      not null references humdrum.alert,
  notice   text        not null check (notice in ('fired', 'repeated', 'escalated', 'resolved')),
  level    smallint    not null,
  at       timestamptz not null
);
create index alert_notice_alert_id on humdrum.alert_notice (alert_id);
create index alert_notice_at on humdrum.alert_notice (at);

-- Each attempt to tell them.
create table humdrum.alert_delivery (
  id          bigint      generated always as identity primary key,
  alert_id    bigint      references humdrum.alert, -- null: a test
  notice_id   bigint      references humdrum.alert_notice,
  job_id      bigint      not null,
  attempt     smallint    not null,
  sink        text        not null,
  at          timestamptz not null,
  outcome     text        not null check (outcome in ('sent', 'failed', 'held', 'superseded')),
  error       text,
  duration_ms integer     not null check (duration_ms >= 0),
  check ((outcome = 'failed') = (error is not null)),
  check ((alert_id is null) = (notice_id is null))
);
create index alert_delivery_alert_id on humdrum.alert_delivery (alert_id);

create trigger facts_only before update or delete or truncate on humdrum.alert_notice
  for each statement execute function humdrum.refuse_change();
create trigger facts_only before update or delete or truncate on humdrum.alert_delivery
  for each statement execute function humdrum.refuse_change();

-- The breaker of a sink: after some failures in a row nothing is sent until a time, and then one thing.
create table humdrum.alert_sink (
  name       text    primary key,
  failures   integer not null default 0 check (failures >= 0), -- in a row
  open_until timestamptz
);
