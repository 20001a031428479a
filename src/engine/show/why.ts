import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { describeHold } from '../job/hold.ts';
import type { Status } from '../job/lifecycle.ts';
import { ALONE } from '../transitions/alone.ts';
import { readHold } from '../transitions/hold.ts';

/** The status of a job, and the reason for it. */
export interface Standing {
  status: Status;
  /** One sentence. */
  why: string;
}

interface Row {
  id: number;
  status: Status;
  type: string;
  queue: string;
  now: Date;
  attempts: number;
  max_attempts: number;
  finished_at: Date | null;
  error: string | null;
}

/** Says what a job waits for, or how it ended. Errors: `job-not-found`. */
export async function why(db: Queryable, id: number): Promise<Standing> {
  const { rows } = await db.query<Row>(
    `select id, status, type, queue, humdrum.clock() as now, attempts, max_attempts, finished_at,
       error_class || ': ' || error_message as error from humdrum.jobs where id = $1`,
    [id],
  );
  const [job] = rows;
  if (!job) throw new HumdrumError('job-not-found', `There is no job ${id}.`);
  return { status: job.status, why: await REASONS[job.status](db, job) };
}

const REASONS: Record<Status, (db: Queryable, job: Row) => Promise<string>> = {
  queued: whyQueued,
  running: whyRunning,
  completed: async (_db, job) =>
    `It completed in attempt ${job.attempts} at ${utc(job.finished_at)}.`,
  failed: async (_db, job) =>
    `It has failed: attempt ${job.attempts} of ${job.max_attempts} ended with ${job.error?.replace(/\.$/, '')}. Retry it or cancel it.`,
  cancelled: whyCancelled,
};

async function whyRunning(db: Queryable, { id }: Row): Promise<string> {
  const { rows } = await db.query<{ worker: number; name: string; since: Date; lost: boolean }>(
    `select worker_id as worker, name, claimed_at as since, expires_at <= humdrum.clock() as lost
     from humdrum.lease join humdrum.worker on worker.id = worker_id where $1 = any (jobs)`,
    [id],
  );
  const [held] = rows;
  if (!held) return 'It was running a moment ago.';
  const worker = `worker ${held.worker} (${held.name})`;
  if (held.lost) {
    return `It was claimed by ${worker}, whose lease has expired. Another worker is about to rescue it.`;
  }
  return `It was claimed by ${worker} at ${utc(held.since)}.`;
}

async function whyCancelled(db: Queryable, { id }: Row): Promise<string> {
  const { rows } = await db.query<{ at: Date; actor: string; reason: string | null }>(
    `select at, actor, reason from humdrum.audit where job_id = $1 and event = 'cancelled'`,
    [id],
  );
  const [entry] = rows;
  return `It was cancelled by ${entry?.actor ?? 'an unknown actor'} at ${utc(entry?.at)}${entry?.reason ? `: ${entry.reason}` : ''}.`;
}

async function whyQueued(db: Queryable, job: Row): Promise<string> {
  const held = await readHold(db);
  if (held)
    return `The database is held ${describeHold(held)}. No job starts before the hold ends.`;
  const waits =
    (await whyLater(db, job)) ??
    (await whyParked(db, job)) ??
    (await whyReady(db, job)) ??
    'It was about to start a moment ago.';
  return `${waits}${await whyBreaker(db, job)}`;
}

/** A delivery that comes due while the circuit breaker of its channel is open is put off, at no cost of an attempt. */
async function whyBreaker(db: Queryable, { type }: Row): Promise<string> {
  if (!type.startsWith(NOTIFY)) return '';
  const channel = type.slice(NOTIFY.length);
  const { rows } = await db.query<{ until: Date; failures: number }>(
    `select open_until as until, failures from humdrum.breaker
     where channel = $1 and open_until > humdrum.clock()`,
    [channel],
  );
  const [breaker] = rows;
  if (!breaker) return '';
  return ` The circuit breaker of the channel "${channel}" is open until ${utc(breaker.until)}: its last ${breaker.failures} messages failed.`;
}

const NOTIFY = 'notify.';

async function whyLater(db: Queryable, job: Row): Promise<string | null> {
  const { rows } = await db.query<{ at: Date; attempt: number; awaiting: boolean; due: boolean }>(
    `select run_at as at, attempt, awaiting, run_at <= humdrum.clock() as due
     from humdrum.later where job_id = $1`,
    [job.id],
  );
  const [row] = rows;
  if (!row) return null;
  if (row.due) return `It has been due since ${utc(row.at)}: ${PICKED_UP}.`;
  if (row.awaiting) return whyAwaiting(db, job, row.at);
  if (row.attempt === 1) return `It is due at ${utc(row.at)}.`;
  return `Attempt ${row.attempt} is due at ${utc(row.at)}: attempt ${row.attempt - 1} failed (${job.error}).`;
}

async function whyAwaiting(db: Queryable, { id }: Row, until: Date): Promise<string> {
  const { rows } = await db.query<{ child: number; open: number }>(
    'select min(job_id) as child, count(*) as open from humdrum.awaited where parent_id = $1',
    [id],
  );
  const [{ child, open } = { child: 0, open: 0 }] = rows;
  if (open === 0) return `All its children have ended: ${PICKED_UP}.`;
  const which =
    open === 1 ? `its child, job ${child}` : `${open} children (the first is job ${child})`;
  return `It waits for ${which}, until ${utc(until)} at the latest.`;
}

const PICKED_UP = 'the next worker that polls picks it up';

interface Line {
  gate: string;
  ahead: number;
  concurrency: number | null;
  tokens: number | null;
  per_ms: number | null;
  ordered: boolean | null;
  holders: number[];
  wake_at: Date | null;
}

async function whyParked(db: Queryable, { id }: Row): Promise<string | null> {
  const { rows } = await db.query<Line>(
    `select parked.gate, concurrency, limits.tokens, per_ms, ordered, wake_at,
       array(select slot.job_id from humdrum.slot where slot.gate = parked.gate and slot.job_id <> parked.job_id limit 5) as holders,
       (select count(*) from (
         select from humdrum.parked as other where other.gate = parked.gate
           and (other.rank, other.job_id) < (parked.rank, parked.job_id) limit 10000) as before) as ahead
     from humdrum.parked cross join lateral humdrum.limit_of(gate) as limits
     left join humdrum.bucket on bucket.gate = parked.gate where job_id = $1`,
    [id],
  );
  const [line] = rows;
  if (!line) return null;
  if (line.gate === ALONE) return whyAlone(db, id);
  const behind = line.ahead > 0 ? `; ${others(line.ahead)} ahead of it in line` : '';
  if (line.ordered) {
    return `It waits in the strict order of "${line.gate}": ${jobs(line.holders)} ${line.holders.length === 1 ? 'has' : 'have'} not ended${behind}.`;
  }
  if (line.concurrency === 0)
    return `The limit "${line.gate}" lets nothing start: its concurrency is 0.`;
  if (line.holders.length > 0) {
    return `It waits for the limit "${line.gate}" (${line.concurrency} at once), held by ${jobs(line.holders)}${behind}.`;
  }
  if (line.tokens !== null) {
    const when = line.wake_at ? `; the next job may start at ${utc(line.wake_at)}` : '';
    return `It waits for the rate limit "${line.gate}" (${line.tokens} per ${line.per_ms} ms)${when}${behind}.`;
  }
  return `It is in line at the limit "${line.gate}", which has room: ${PICKED_UP}${behind}.`;
}

async function whyAlone(db: Queryable, id: number): Promise<string> {
  const { rows } = await db.query<{ workers: number }>(
    `select count(distinct worker_id) as workers from humdrum.loss where job_id = $1 and kind = 'worker'`,
    [id],
  );
  return `It waits to run alone in a worker: ${rows[0]?.workers ?? 0} workers were lost while they held it and other jobs.`;
}

interface ReadyRow {
  signature: string;
  overdue: boolean;
  ahead: number;
  workers: number;
  knowing: number;
  serving: number;
  room: number | null;
  running: number[];
}

async function whyReady(db: Queryable, { id, queue }: Row): Promise<string | null> {
  const { rows } = await db.query<ReadyRow>(
    `select ready.type as signature, coalesce(ready.start_by <= humdrum.clock(), false) as overdue,
       (select count(*) from (
         select from humdrum.ready as other where other.queue = ready.queue
           and (other.rank, other.job_id) < (ready.rank, ready.job_id) limit 10000) as before) as ahead,
       (select count(*) from humdrum.worker where expires_at > humdrum.clock() and queues <> '{}') as workers,
       (select count(*) from humdrum.worker where expires_at > humdrum.clock() and ready.type = any (types)) as knowing,
       (select count(*) from humdrum.worker
        where expires_at > humdrum.clock() and ready.type = any (types) and ready.queue = any (queues)) as serving,
       humdrum.room_at('queue:' || ready.queue) as room,
       array(select slot.job_id from humdrum.slot where slot.gate = 'queue:' || ready.queue limit 5) as running
     from humdrum.job join humdrum.ready on (ready.queue, ready.rank, ready.job_id) = (job.queue, job.rank, job.id)
     where job.id = $1`,
    [id],
  );
  const [row] = rows;
  if (!row) return null;
  const before = row.ahead > 0 ? ` In its queue, ${others(row.ahead)} ahead of it.` : '';
  if (row.overdue) return 'It missed its deadline to start: it is about to be cancelled.';
  if (row.workers === 0) return 'It may start, but no worker is running.';
  if (row.knowing === 0)
    return `It may start, but no running worker knows the type ${row.signature}.`;
  if (row.serving === 0) return `It may start, but no running worker serves the queue "${queue}".`;
  if (row.room !== null && row.room < 1) {
    const held = row.running.length > 0 ? `, held by ${jobs(row.running)}` : '';
    return `The limit of the queue "${queue}" has no room now${held}.${before}`;
  }
  return `It starts as soon as a worker is free.${before}`;
}

function jobs(ids: readonly number[]): string {
  return ids.length === 1 ? `job ${ids[0]}` : `jobs ${ids.join(', ')}`;
}

function others(count: number): string {
  return count === 1 ? '1 other job is' : `${count} other jobs are`;
}

function utc(at: Date | null | undefined): string {
  return at ? at.toISOString() : 'an unknown time';
}
