-- Alerts are delivered by channels, like any other notification: one table of deliveries, one circuit breaker per channel.
-- See docs/decisions/0009-an-alert-is-a-delivery.md.

-- Each attempt to hand an effect to a receiver. At most one row per effect and receiver settles it: it was sent, or it is
-- superseded, that is, nobody needs it any more. `delivered_at` is when the attempt ended.
alter table humdrum.delivery
  add column outcome     text not null default 'sent' check (outcome in ('sent', 'failed', 'held', 'superseded')),
  add column by_job      bigint,   -- the job that made the attempt
  add column attempt     smallint, -- of that job
  add column error       text,
  add column duration_ms integer check (duration_ms >= 0),
  add check ((outcome = 'failed') = (error is not null));
alter table humdrum.delivery drop constraint delivery_pkey;
create unique index delivery_settled on humdrum.delivery (job_id, ordinal, receiver) where outcome in ('sent', 'superseded');
create index delivery_unsettled on humdrum.delivery (job_id, ordinal, receiver) where outcome in ('failed', 'held');

-- The circuit breaker of a channel: after some failures in a row nothing is sent until a time, and then one message.
alter table humdrum.alert_sink rename to breaker;
alter table humdrum.breaker rename column name to channel;
alter table humdrum.breaker rename constraint alert_sink_pkey to breaker_pkey;

-- The notifications of a notice: the effects of the check that raised it, one per channel.
create table humdrum.alert_message (
  notice_id bigint  not null references humdrum.alert_notice,
  job_id    bigint  not null,
  ordinal   integer not null check (ordinal >= 0),
  receiver  text    not null,
  primary key (notice_id, job_id, ordinal)
);
create trigger facts_only before update or delete or truncate on humdrum.alert_message
  for each statement execute function humdrum.refuse_change();

-- Before this, each notice and sink had a job of its own, and its attempts a table.
insert into humdrum.alert_message (notice_id, job_id, ordinal, receiver)
select distinct notice_id, job_id, 0, 'notify.' || sink from humdrum.alert_delivery where notice_id is not null;

insert into humdrum.delivery (job_id, ordinal, receiver, delivered_at, outcome, by_job, attempt, error, duration_ms)
select job_id, 0, 'notify.' || sink, at, outcome, job_id, attempt, error, duration_ms from humdrum.alert_delivery
where humdrum.has_history(job_id / humdrum.history_width()) order by id
on conflict do nothing;

drop table humdrum.alert_delivery;
