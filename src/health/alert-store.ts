import type { Queryable } from '../database/database.ts';
import type { NoticeName } from '../engine/ports/events.ts';
import type { OpenAlert, Transition } from './alert-state.ts';
import { keyOf } from './alert-state.ts';
import type { Finding } from './rules.ts';

/** Far more than people can deal with. */
const MOST_OPEN = 10_000;

const OPEN = `
select id, kind, subject, level, summary, facts, fired_at as "firedAt", level_at as "levelAt", notified_at as "notifiedAt",
  acknowledged_at is not null as "isAcknowledged"
from humdrum.alert where resolved_at is null order by id limit ${MOST_OPEN} for update`;

export async function openAlerts(db: Queryable): Promise<OpenAlert[]> {
  const { rows } = await db.query<OpenAlert>(OPEN);
  return rows;
}

const NOTICES = `
select kind, subject, count(*) as times from humdrum.alert_notice join humdrum.alert on alert.id = alert_id
where alert_notice.at > humdrum.clock() - interval '1 hour' and notice <> 'resolved' group by kind, subject`;

/** The number of notices in the last hour by kind and subject, across all alerts of that kind and subject. */
export async function noticesInHour(
  db: Queryable,
): Promise<(finding: Pick<Finding, 'kind' | 'subject'>) => number> {
  const { rows } = await db.query<Pick<Finding, 'kind' | 'subject'> & { times: number }>(NOTICES);
  const times = new Map(rows.map((row) => [keyOf(row), row.times]));
  return (finding) => times.get(keyOf(finding)) ?? 0;
}

const APPLY = `
with given as (
  select * from json_to_recordset($1::json) as given
    (place integer, id bigint, change text, kind text, subject text, level smallint, summary text, facts json, notice text)
),
opened as (
  insert into humdrum.alert (kind, subject, level, summary, facts, fired_at, seen_at, level_at, notified_at)
  select kind, subject, level, summary, facts, $2, $2, $2, case when notice is not null then $2::timestamptz end
  from given where change = 'opened' order by place
  returning id, kind, subject
),
kept as (
  update humdrum.alert set level = given.level, summary = given.summary, facts = given.facts, seen_at = $2,
    level_at = case when given.level > alert.level then $2 else level_at end,
    notified_at = case when given.notice is not null then $2 else notified_at end
  from given where alert.id = given.id and given.change = 'kept'
),
resolved as (
  update humdrum.alert set resolved_at = $2 from given where alert.id = given.id and given.change = 'resolved'
),
named as (
  select given.*, coalesce(given.id, opened.id) as alert_id
  from given left join opened on given.id is null and (opened.kind, opened.subject) = (given.kind, given.subject)
),
noted as (
  insert into humdrum.alert_notice (alert_id, notice, level, at)
  select alert_id, notice, level, $2 from named where notice is not null order by place
  returning id, alert_id
)
select place, named.alert_id as "alertId", noted.id as "noticeId" from named join noted using (alert_id) order by place`;

/** A notice that was stored. */
export interface Noted {
  transition: Transition;
  notice: NoticeName;
  alertId: number;
  noticeId: number;
}

/** Stores the transitions, and returns those that raise a notice. */
export async function apply(
  db: Queryable,
  transitions: readonly Transition[],
  now: Date,
): Promise<Noted[]> {
  if (transitions.length === 0) return [];
  const given = transitions.map(({ change, id, finding, level, notice }, place) => {
    const { kind, subject, summary, facts } = finding;
    return { place, id, change, kind, subject, level, summary, facts, notice };
  });
  const { rows } = await db.query<{ place: number; alertId: number; noticeId: number }>(APPLY, [
    JSON.stringify(given),
    now.toISOString(),
  ]);
  return rows.flatMap(({ place, alertId, noticeId }) => {
    const transition = transitions[place];
    return transition?.notice ? [{ transition, notice: transition.notice, alertId, noticeId }] : [];
  });
}

/** A notification of a notice: the effect at `ordinal` of the job `job`. */
export interface AlertMessage {
  noticeId: number;
  job: number;
  ordinal: number;
  receiver: string;
}

/** Remembers which notifications belong to a notice. */
export async function keepMessages(
  db: Queryable,
  messages: readonly AlertMessage[],
): Promise<void> {
  if (messages.length === 0) return;
  await db.query(
    `insert into humdrum.alert_message (notice_id, job_id, ordinal, receiver)
     select * from unnest($1::bigint[], $2::bigint[], $3::integer[], $4::text[])`,
    [
      messages.map(({ noticeId }) => noticeId),
      messages.map(({ job }) => job),
      messages.map(({ ordinal }) => ordinal),
      messages.map(({ receiver }) => receiver),
    ],
  );
}

// Notifications whose part of the history was dropped have no effect any more, and no place for a row.
const SUPERSEDE = `
insert into humdrum.delivery (job_id, ordinal, receiver, outcome, delivered_at, duration_ms)
select message.job_id, message.ordinal, message.receiver, 'superseded', $2, 0
from humdrum.alert_notice as notice join humdrum.alert_message as message on message.notice_id = notice.id
where notice.alert_id = any ($1::bigint[]) and notice.notice <> 'resolved' and exists (
  select from humdrum.effect where (effect.job_id, effect.ordinal) = (message.job_id, message.ordinal)
)
on conflict (job_id, ordinal, receiver) where outcome in ('sent', 'superseded') do nothing`;

/** Skip notices for alerts already resolved: what has not been delivered by now never is. */
export async function supersede(
  db: Queryable,
  transitions: readonly Transition[],
  now: Date,
): Promise<void> {
  const resolved = transitions.flatMap(({ change, id }) => (change === 'resolved' ? [id] : []));
  if (resolved.length > 0) await db.query(SUPERSEDE, [resolved, now.toISOString()]);
}

// A message that was superseded was never delivered. The deliveries of one whose part of the history was dropped are gone: it
// is taken for delivered.
const TOLD = `
select notice.alert_id as "alertId", array_agg(distinct substr(message.receiver, length('notify.') + 1)) filter (
  where not exists (
    select from humdrum.delivery where outcome = 'superseded'
      and (delivery.job_id, delivery.ordinal, delivery.receiver) = (message.job_id, message.ordinal, message.receiver)
  )
) as channels
from humdrum.alert_notice as notice join humdrum.alert_message as message on message.notice_id = notice.id
where notice.alert_id = any ($1::bigint[]) group by 1`;

/**
 * The channels that were told of alerts that are now resolved, by alert. Call it after `supersede`. An alert without an
 * entry was raised before messages were remembered.
 */
export async function toldChannels(
  db: Queryable,
  noted: readonly Noted[],
): Promise<Map<number, string[]>> {
  const resolved = noted.filter(({ notice }) => notice === 'resolved');
  if (resolved.length === 0) return new Map();
  const { rows } = await db.query<{ alertId: number; channels: string[] | null }>(TOLD, [
    resolved.map(({ alertId }) => alertId),
  ]);
  return new Map(rows.map(({ alertId, channels }) => [alertId, channels ?? []]));
}

export async function isResolved(db: Queryable, alert: number | null): Promise<boolean> {
  const { rows } = await db.query<{ resolved: boolean }>(
    'select resolved_at is not null as resolved from humdrum.alert where id = $1',
    [alert],
  );
  return rows[0]?.resolved ?? false;
}
