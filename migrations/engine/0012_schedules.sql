-- What schedules must know to survive deploys, and a clock that is set back. See docs/guides/schedules.md.

-- The time of the clock when `next_at` was computed. If the clock shows less, it was set back since. Null: computed by an older
-- version of the program, which did not record it.
alter table humdrum.schedule add column aimed_at timestamptz;

-- Rules that others have replaced: a program that has one of them is older than the program whose rule is in `schedule`.
-- Only the latest ones are kept.
create table humdrum.replaced_rule (
  schedule    text        not null,
  cron        text        not null,
  time_zone   text        not null,
  replaced_at timestamptz not null,
  primary key (schedule, cron, time_zone)
);

-- The rules of a worker's program, as `name cron time_zone`.
alter table humdrum.worker add column rules text[] not null default '{}';
