import type { Client } from 'pg';
import { STATUSES } from 'humdrum';
import { replayStatus, type AuditEventName } from '../../src/engine/job/lifecycle.ts';
import { runCheck, type Check } from './check.ts';
import { ATOMIC_TYPES } from './jobs.ts';
import type { Finding } from './report.ts';
import { checkTies } from './ties.ts';
import type { Acknowledged } from './workload.ts';

const [, RUNNING, COMPLETED] = STATUSES;

const TERMINAL: Check = {
  invariant: 'I1',
  checked: 'every job has come to an end',
  count: 'select count(*) from humdrum.job',
  misses: `select 'job ' || id || ' (' || type || ') is ' || status || ': ' || (
      select string_agg(event || ' by ' || actor || ' at ' || at::time, ', ' order by audit.id)
      from humdrum.audit where job_id = jobs.id
    ) from humdrum.jobs where status in ('queued', '${RUNNING}')`,
};

function acknowledgedChecks({ ids, repeated, cancelled, retried }: Acknowledged): Check[] {
  const given = 'select count(*) from unnest($1::bigint[])';
  return [
    {
      invariant: 'I1',
      checked: 'an acknowledged job is there',
      count: given,
      misses: `select 'job ' || given.id from unnest($1::bigint[]) as given (id)
        where not exists (select from humdrum.job where job.id = given.id)`,
      params: [[...ids, ...repeated]],
    },
    {
      invariant: 'I1',
      checked: 'an acknowledged cancellation holds',
      count: given,
      misses: `select 'job ' || given.id from unnest($1::bigint[]) as given (id)
        join humdrum.jobs using (id) where status <> 'cancelled'`,
      params: [cancelled],
    },
    {
      invariant: 'I1',
      checked: 'an acknowledged retry is audited',
      count: given,
      misses: `select 'job ' || given.id from unnest($1::bigint[]) as given (id) group by given.id
        having count(*) > (select count(*) from humdrum.audit
          where job_id = given.id and event = 'retried' and actor = 'chaos')`,
      params: [retried],
    },
  ];
}

const MADE_ONCE: Check[] = [
  {
    invariant: 'I1',
    checked: 'a tick has made one job',
    count: 'select count(*) from humdrum.tick',
    misses: `select 'tick ' || tick.at || ' of ' || tick.schedule || ': ' || count(job.id) || ' jobs' from humdrum.tick
      left join humdrum.job on job.schedule = tick.schedule and job.run_at = tick.at
      group by tick.schedule, tick.at having count(job.id) <> 1`,
  },
  {
    invariant: 'I1',
    checked: 'a completed parent has one child, any other none',
    count: `select count(*) from humdrum.job where type = 'chaos.parent'`,
    misses: `select 'parent ' || parent.id || ' is ' || parent.status || ', children: ' || coalesce(children, 0)
      from humdrum.jobs as parent left join (
        select (input ->> 'parent')::bigint as id, count(*) as children from humdrum.job
        where type = 'chaos.child' group by 1
      ) as child using (id)
      where parent.type = 'chaos.parent'
        and coalesce(children, 0) <> case when parent.status = '${COMPLETED}' then 1 else 0 end`,
  },
];

const ATTEMPTS: Check[] = [
  {
    invariant: 'I2',
    checked: 'an attempt is recorded once',
    count: 'select count(*) from humdrum.attempt',
    misses: `select 'job ' || job_id || ', attempt ' || number || ': ' || string_agg(status, ', ')
      from humdrum.attempt group by job_id, number having count(*) > 1`,
  },
  {
    invariant: 'I2',
    checked: 'attempts are 1, 2, 3 …; only the last has completed',
    count: 'select count(distinct job_id) from humdrum.attempt',
    misses: `select 'job ' || job_id || ': ' || string_agg(number || ' ' || status, ', ' order by number)
      from humdrum.attempt group by job_id
      having max(number) <> count(*) or min(number) <> 1
        or count(*) filter (where status = '${COMPLETED}') > 1
        or min(number) filter (where status = '${COMPLETED}') < max(number)`,
  },
  {
    invariant: 'I2',
    checked: 'what has completed is nowhere else',
    count: `select count(*) from humdrum.attempt where status = '${COMPLETED}'`,
    misses: `select 'job ' || job_id from humdrum.attempt where status = '${COMPLETED}' and job_id in (
      select job_id from humdrum.ready union all select job_id from humdrum.later
      union all select job_id from humdrum.failed union all select job_id from humdrum.cancellation)`,
  },
];

const RELEASED = `(select count(*) from humdrum.audit
  where audit.job_id = start.job_id and audit.attempt = start.attempt and event = 'released')`;
const STARTS = `select count(*) from public.witness where what = 'start'`;

const HANDLERS: Check[] = [
  {
    invariant: 'I3',
    checked: 'a handler that started has an attempt, or was given back',
    count: STARTS,
    misses: `select 'job ' || job_id || ', attempt ' || attempt from public.witness as start
      where what = 'start' and not exists (
        select from humdrum.attempt as record where record.job_id = start.job_id and record.number = start.attempt
      ) and ${RELEASED} = 0`,
  },
  {
    invariant: 'I3',
    checked: 'a handler starts twice in an attempt only if given back',
    count: `select count(*) from (select from public.witness where what = 'start' group by job_id, attempt) as one`,
    misses: `select 'job ' || job_id || ', attempt ' || attempt || ': ' || count(*) || ' starts'
      from public.witness as start where what = 'start' group by job_id, attempt having count(*) > 1 + ${RELEASED}`,
  },
  {
    invariant: 'I3',
    checked: 'a further attempt has an audited reason',
    count: 'select count(*) from humdrum.attempt where number > 1',
    misses: `select 'job ' || job_id || ', attempt ' || number from humdrum.attempt as record
      where number > 1 and not exists (
        select from humdrum.audit where audit.job_id = record.job_id and event = 'retried'
          and audit.attempt in (record.number, record.number - 1))`,
  },
  {
    invariant: 'I3',
    checked: 'no handler starts before its job is due',
    count: STARTS,
    misses: `select 'job ' || job_id || ': ' || (run_at - at) || ' early' from public.witness
      join humdrum.job on job.id = job_id where what = 'start' and at < run_at`,
  },
];

const EFFECTS: Check[] = [
  {
    invariant: 'I4',
    checked: 'a completed atomic job has one row, by its last attempt',
    count: `select count(*) from humdrum.jobs where type = any ($1) and status = '${COMPLETED}'`,
    misses: `select 'job ' || job.id || ' (' || type || '), attempts ' || job.attempts || ', rows by attempts: ' || coalesce(rows::text, 'none')
      from humdrum.jobs as job left join (
        select job_id as id, array_agg(attempt order by attempt) as rows from public.effect_row group by job_id
      ) as effect using (id)
      where type = any ($1) and status = '${COMPLETED}' and rows is distinct from array[job.attempts]::smallint[]`,
    params: [ATOMIC_TYPES.map((name) => `chaos.${name}`)],
  },
  {
    invariant: 'I4',
    checked: 'any other job has none',
    count: `select count(*) from humdrum.jobs where status <> '${COMPLETED}'`,
    misses: `select 'job ' || id || ' is ' || status from humdrum.jobs
      where status <> '${COMPLETED}' and id in (select job_id from public.effect_row)`,
  },
  {
    invariant: 'I4',
    checked: 'a row is of the process whose attempt completed',
    count: 'select count(*) from public.effect_row',
    misses: `select 'job ' || effect.job_id || ', attempt ' || effect.attempt from public.effect_row as effect
      where not exists (
        select from humdrum.attempt as record join humdrum.worker on worker.id = record.worker_id
        where record.job_id = effect.job_id and record.number = effect.attempt
          and split_part(worker.name, ':', 2) = effect.pid::text)`,
  },
  {
    invariant: 'I4',
    checked: 'a completed job has its events once, any other none',
    count: 'select count(*) from humdrum.effect',
    misses: `select 'job ' || job.id || ' is ' || status || ', events: ' || (select count(*) from humdrum.effect where job_id = job.id)
      from humdrum.jobs as job where type = 'chaos.emits'
        and (select count(*) from humdrum.effect where job_id = job.id) <> case when status = '${COMPLETED}' then 2 else 0 end`,
  },
];

const FENCE: Check = {
  invariant: 'I5',
  checked: 'what was fenced has written nothing',
  count: `select count(*) from humdrum.audit where event = 'fenced'`,
  misses: `select 'job ' || audit.job_id || ', attempt ' || audit.attempt || ', ' || actor from humdrum.audit
    join humdrum.attempt as record on record.job_id = audit.job_id and record.number = audit.attempt
      and 'lease:' || record.lease_id = audit.actor and record.error_class is distinct from 'WorkerLost'
    where event = 'fenced'`,
};

/** The checks look things up by job, the engine mostly does not. */
const FOR_THE_CHECKS = `
create index on humdrum.audit (job_id, event);
create index on public.witness (job_id);
create index on public.effect_row (job_id);
analyze;
`;

/** Everything that the tables can tell after a run. */
export async function checkTables(client: Client, told: Acknowledged): Promise<Finding[]> {
  await client.query(FOR_THE_CHECKS);
  const findings: Finding[] = [];
  const all = [TERMINAL, ...acknowledgedChecks(told), ...MADE_ONCE, ...ATTEMPTS, ...HANDLERS];
  for (const check of [...all, ...EFFECTS, FENCE]) findings.push(await runCheck(client, check));
  return [
    ...findings,
    ...(await checkTies(client)),
    await checkBatches(client, told),
    await checkAudit(client),
  ];
}

/** Jobs that were enqueued together are all there or none; where the driver was answered, all. */
async function checkBatches(client: Client, { batches, lost }: Acknowledged): Promise<Finding> {
  const { rows } = await client.query<{ batch: number; jobs: number; tokens: number }>(
    `select (input ->> 'batch')::int as batch, count(*) as jobs, count(distinct input ->> 'token') as tokens
     from humdrum.job where input ->> 'batch' is not null group by 1`,
  );
  const stored = new Map(rows.map((row) => [row.batch, row]));
  const misses = [...batches].flatMap(([batch, size]) => {
    const { jobs, tokens } = stored.get(batch) ?? { jobs: 0, tokens: 0 };
    const whole = jobs === size && tokens === size;
    return whole || (jobs === 0 && lost.has(batch)) ? [] : [`batch ${batch}: ${jobs} of ${size}`];
  });
  const checked = `an enqueue is whole, or was not answered and is nothing (${lost.size} not answered)`;
  return { invariant: 'I1', checked, count: batches.size, misses };
}

async function checkAudit(client: Client): Promise<Finding> {
  const { rows } = await client.query<{ id: number; status: string; events: AuditEventName[] }>(
    `select jobs.id, jobs.status, audit.events from humdrum.jobs left join (
       select job_id as id, array_agg(event order by id) as events from humdrum.audit group by job_id
     ) as audit using (id)`,
  );
  const misses = rows.flatMap(({ id, status, events }) => {
    const replayed = replay(events);
    return replayed === status
      ? []
      : [`job ${id} is ${status}; its audit: ${replayed} (${events.join(' ')})`];
  });
  return {
    invariant: 'I6',
    checked: 'the audit, replayed, gives the status',
    count: rows.length,
    misses,
  };
}

function replay(events: readonly AuditEventName[]): string {
  try {
    return replayStatus(events);
  } catch (error) {
    return String(error);
  }
}
