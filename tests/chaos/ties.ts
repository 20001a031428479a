import type { Client } from 'pg';
import { STATUSES } from 'humdrum';
import { overdrafts, overruns, type Start, type Step } from './at-once.ts';
import { runCheck, type Check } from './check.ts';
import type { Finding } from './report.ts';
import { SPACE_MS } from './workload.ts';

const [, , COMPLETED] = STATUSES;

/**
 * The audit's ids are the suite's clock: what lets a job go on has its line before it commits, and what goes on has its line
 * after it has seen that. `ended` is when a job has ended first; an operator may have retried it after that.
 */
const MOMENTS = `
create table public.ended as
select job_id, min(id) as at_line from humdrum.audit
where event in ('completed', 'cancelled') or event = 'failed' and not exists (
  select from humdrum.audit as again where again.job_id = audit.job_id and again.attempt = audit.attempt
    and again.event = 'retried' and again.actor like 'worker:%'
) group by job_id;
create table public.began as
select job_id, min(id) as at_line, min(at) as at from humdrum.audit where event = 'started' group by job_id;
create index on public.ended (job_id);
create index on public.began (job_id);
create index on public.heard (key);
analyze;
`;

const LEFT_BEHIND: Check = {
  invariant: 'I2',
  checked: 'no slot, place in line, wait, call or key is left of what has ended',
  count: `select count(*) from humdrum.job
    where coalesce(gates[1], unique_key, parent_id::text, on_child_failure) is not null`,
  misses: `select 'job ' || job_id || ' has a slot of ' || gate from humdrum.slot
    union all select 'job ' || job_id || ' stands in line at ' || gate from humdrum.parked
    union all select 'job ' || job_id || ' is awaited by ' || parent_id from humdrum.awaited
    union all select 'a call for ' || coalesce(gate, 'parent ' || parent_id) from humdrum.wake_call
    union all select 'job ' || job_id || ' has the key ' || key from humdrum.unique_key where until is null`,
};

/** The jobs of one key get in line as they are enqueued, so the line goes by their ids. */
const IN_ORDER: Check = {
  invariant: 'I2',
  checked: 'in a strict order none starts before all those before it have ended',
  count: `select count(*) from public.began join humdrum.job on job.id = job_id where type = 'chaos.turn'`,
  misses: `select 'job ' || id || ' of ' || gate || ' started at line ' || started || ', one before it ended at ' || others_ended
    from (
      select job.id, job.gates[1] as gate, began.at_line as started, max(ended.at_line) over (
        partition by job.gates[1] order by job.id rows between unbounded preceding and 1 preceding
      ) as others_ended
      from humdrum.job left join public.began on began.job_id = job.id left join public.ended on ended.job_id = job.id
      where type = 'chaos.turn'
    ) as line where others_ended > started`,
};

const SPACED: Check = {
  invariant: 'I2',
  checked: 'in the time for which a key is taken nobody else has it',
  count: `select count(*) from humdrum.job where type = 'chaos.spaced'`,
  misses: `select 'job ' || id || ' has ' || key || ' too, ' || after || ' after another'
    from (
      select id, input ->> 'key' as key, created_at - lag(created_at) over (partition by input ->> 'key' order by created_at) as after
      from humdrum.job where type = 'chaos.spaced'
    ) as same where after < ${SPACE_MS} * interval '1 millisecond'`,
};

const FAMILIES: Check[] = [
  {
    invariant: 'I2',
    checked: 'a parent starts when its children have ended or its time is over',
    count: `select count(*) from public.began join humdrum.job on job.id = job_id where type = 'chaos.family'`,
    misses: `select 'parent ' || parent.id || ' started before its child ' || child.id || ' had ended'
      from humdrum.job as parent join public.began on began.job_id = parent.id
      join humdrum.job as child on child.parent_id = parent.id left join public.ended on ended.job_id = child.id
      where parent.type = 'chaos.family' and coalesce(ended.at_line > began.at_line, true)
        and began.at < parent.created_at + coalesce((parent.input ->> 'withinMs')::float8, 86400000) * interval '1 millisecond'`,
  },
  {
    invariant: 'I4',
    checked: 'a parent with the policy "fail" completes only if all its children have',
    count: `select count(*) from humdrum.job where on_child_failure = 'fail'`,
    misses: `select 'parent ' || parent.id || ': child ' || child.id || ' is ' || child.status
      from humdrum.jobs as parent join humdrum.job on job.id = parent.id join humdrum.jobs as child on child.parent_id = parent.id
      where on_child_failure = 'fail' and parent.status = '${COMPLETED}' and child.status <> '${COMPLETED}'`,
  },
  {
    invariant: 'I4',
    checked: 'an attempt fails with a child only by that policy, and does not run',
    count: `select count(*) from humdrum.attempt where error_class = 'ChildFailed'`,
    misses: `select 'job ' || job.id || ', attempt ' || number from humdrum.attempt join humdrum.job on job.id = job_id
      where error_class = 'ChildFailed' and (on_child_failure <> 'fail' or exists (
        select from public.witness where witness.job_id = job.id and witness.attempt = number))`,
  },
];

const KEY = `'humdrum-' || effect.job_id || '-' || effect.ordinal`;

const DELIVERIES: Check[] = [
  {
    invariant: 'I4',
    checked: 'who has left events has one delivery, and nobody else',
    count: `select count(*) from humdrum.job where type = 'deliver.chaos'`,
    misses: `select 'job ' || job_id || ': ' || coalesce(jobs, 0) || ' deliveries'
      from (select distinct job_id from humdrum.effect where kind = 'event') as emitter full join (
        select (input ->> 'job')::bigint as job_id, count(*) as jobs from humdrum.job where type = 'deliver.chaos' group by 1
      ) as delivery using (job_id)
      where emitter.job_id is null or jobs is distinct from 1`,
  },
  {
    invariant: 'I4',
    checked: 'each event of a completed delivery is recorded once as delivered',
    count: 'select count(*) from humdrum.delivery',
    misses: `select ${KEY} || ': ' || count(delivery.job_id)
      from humdrum.effect join humdrum.jobs as job on job.type = 'deliver.chaos' and (job.input ->> 'job')::bigint = effect.job_id
      left join humdrum.delivery on (delivery.job_id, delivery.ordinal) = (effect.job_id, effect.ordinal)
      where effect.kind = 'event' and job.status = '${COMPLETED}'
      group by effect.job_id, effect.ordinal having count(delivery.job_id) <> 1`,
  },
  {
    invariant: 'I4',
    checked: 'what is recorded as delivered was heard, and was left by its job',
    count: 'select count(*) from public.heard',
    misses: `select ${KEY} || ' was not heard' from humdrum.delivery as effect
      where not exists (select from public.heard where key = ${KEY})
      union all select key || ' was not left' from public.heard where key not in (select ${KEY} from humdrum.effect)`,
  },
  {
    invariant: 'I4',
    checked: 'the events of one job are heard in order',
    count: 'select count(distinct key) from public.heard',
    misses: `select 'job ' || one.job_id || ': ' || other.ordinal || ' before ' || one.ordinal
      from (select job_id, ordinal, min(id) as first from humdrum.effect left join public.heard on key = ${KEY} group by 1, 2) as one
      join (select job_id, ordinal, min(id) as first from humdrum.effect join public.heard on key = ${KEY} group by 1, 2) as other
        on other.job_id = one.job_id and other.ordinal > one.ordinal
      where coalesce(one.first > other.first, true)`,
  },
];

interface AtOnce {
  checked: string;
  /** Answers steps. */
  sql: string;
}

const BY_WORKER = `event = 'retried' and actor like 'worker:%'`;
const GATES = `humdrum.audit join humdrum.job on job.id = job_id
  cross join lateral unnest(gates, weights) as gate (name, weight)
  join lateral humdrum.limit_of(gate.name) as limits on limits.name is not null`;

const AT_ONCE: AtOnce[] = [
  {
    checked: 'no limit is overrun',
    sql: `select job_id as job, event = 'started' as takes, gate.name as of, least(weight, concurrency) as weight, concurrency as most
      from ${GATES} where concurrency is not null and not ordered and event in ('started', '${COMPLETED}', 'failed', 'released') order by audit.id`,
  },
  {
    checked: 'in a strict order one has its turn, between its attempts too',
    sql: `select job_id as job, event in ('started', 'retried') as takes, gate.name as of, 1 as weight, 1 as most
      from ${GATES} where ordered and (event in ('started', '${COMPLETED}', 'failed', 'cancelled') or ${BY_WORKER})
      order by audit.id`,
  },
  {
    checked: 'of the open jobs one has a unique key',
    sql: `select job_id as job, event in ('created', 'retried') as takes, unique_key as of, 1 as weight, 1 as most
      from humdrum.audit join humdrum.job on job.id = job_id
      where type = 'chaos.unique' and event in ('created', 'retried', '${COMPLETED}', 'failed', 'cancelled') order by audit.id`,
  },
];

const STARTS = `
select job_id as job, gate.name as of, (extract(epoch from at) * 1000)::float8 as "atMs", least(weight, limits.tokens) as tokens,
  limits.tokens as most, per_ms as "perMs"
from ${GATES} where limits.tokens is not null and event = 'started' order by at, audit.id`;
/** Tokens are taken a moment before the time of the start is read: so many may come in between. */
const SLACK = 1;

async function checkRates(client: Client): Promise<Finding> {
  const { rows } = await client.query<Start>(STARTS);
  const misses = overdrafts(rows, SLACK);
  return { invariant: 'I2', checked: 'no rate is overdrawn', count: rows.length, misses };
}

/** What jobs have to do with others: limits, turns, keys, families, and who hears their events. */
export async function checkTies(client: Client): Promise<Finding[]> {
  await client.query(MOMENTS);
  const findings: Finding[] = [];
  for (const { checked, sql } of AT_ONCE) {
    const { rows } = await client.query<Step>(sql);
    const count = rows.filter(({ takes }) => takes).length;
    findings.push({ invariant: 'I2', checked, count, misses: overruns(rows) });
  }
  findings.push(await checkRates(client));
  for (const check of [LEFT_BEHIND, SPACED, IN_ORDER, ...FAMILIES, ...DELIVERIES]) {
    findings.push(await runCheck(client, check));
  }
  return findings;
}
