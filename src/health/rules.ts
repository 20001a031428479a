import { nextTick, whyUnreadable } from '../engine/schedule/cron.ts';
import type { Facts } from './facts.ts';
import type { Kind } from './kinds.ts';
import { span } from './span.ts';
import type { Scheduled, WatchedType } from './watched-type.ts';

/** Something that a check finds wrong. Its kind and subject identify it from one check to the next. */
export interface Finding {
  kind: Kind;
  /** The job type, `queue:NAME`, `workers` or `database`. */
  subject: string;
  /** How bad it is now, from 0: see `SEVERITIES`. */
  level: number;
  /** One sentence. */
  summary: string;
  facts: Record<string, number | string | null>;
}

/** Limits beyond which something is wrong. */
export interface Thresholds {
  /** The share of runs that may fail, in the last hour and in its last quarter. Default 0.1. */
  failureRate: number;
  /** With fewer runs there is no rate. Default 20. */
  failureRuns: number;
  /** How long the first job in a queue may wait. Default 900,000 (15 min). */
  queueAgeMs: number;
  /** How long a transaction may be open. Default 3,600,000 (an hour). */
  transactionMs: number;
}

export const THRESHOLDS: Thresholds = {
  failureRate: 0.1,
  failureRuns: 20,
  queueAgeMs: 900_000,
  transactionMs: 3_600_000,
};

const FAILURES_IN_A_ROW = 3;
const TOP = 3;
/** With fewer runs the usual run time of a type is unknown. */
const LEAST_RUNS = 20;
/** A type that usually takes a millisecond may well take some more: a shorter run than this is never too long. */
const LEAST_OVERRUN_MS = 1_000;
/** The time of the last success is known to the minute. */
const MINUTE_MS = 60_000;
const STUCK_MS = 60_000;
/** Below this, vacuum will get to it by itself. */
const LEAST_DEAD_ROWS = 1_000_000;

/** Everything that is wrong, from the facts alone. */
export function findingsOf(facts: Facts, thresholds: Thresholds): Finding[] {
  return [
    ...facts.types.flatMap((type) => [...missing(type, facts), ...failing(type)]),
    ...rates(facts, thresholds),
    ...facts.runs.flatMap((run) => long(run, facts)),
    ...queues(facts, thresholds),
    ...workers(facts),
    ...database(facts, thresholds),
  ];
}

/** By its window if it has one, otherwise by its schedule. */
function missing(type: WatchedType, facts: Facts): Finding[] {
  const overdue =
    type.everyMs === null ? overdueBySchedule(type, facts) : overdueByWindow(type, facts);
  if (overdue === null) return [];
  const { everyMs, since, lastSuccessAt, failures } = type;
  const heard = lastSuccessAt
    ? `last succeeded ${span(facts.now.getTime() - lastSuccessAt.getTime())} ago`
    : `has never succeeded since ${since.toISOString()}`;
  return [
    {
      kind: lastSuccessAt ? 'late' : 'never-ran',
      subject: type.type,
      level: 1,
      summary: `${type.type} ${heard}, and should succeed ${overdue}.`,
      facts: {
        everyMs,
        since: since.toISOString(),
        lastSuccessAt: lastSuccessAt?.toISOString() ?? null,
        failures,
      },
    },
  ];
}

/** When it should have succeeded. Null: it is not overdue. */
function overdueByWindow({ everyMs, since, lastSuccessAt }: WatchedType, { now }: Facts) {
  const sinceMs = now.getTime() - since.getTime();
  const ageMs = lastSuccessAt ? now.getTime() - lastSuccessAt.getTime() - MINUTE_MS : sinceMs;
  const isOverdue = everyMs !== null && Math.min(ageMs, sinceMs) > everyMs;
  return isOverdue ? `every ${span(everyMs)}` : null;
}

/** A success is overdue some patience after the first tick that follows the last success. */
function overdueBySchedule(
  { type, schedule, since, lastSuccessAt }: WatchedType,
  { now, usual }: Facts,
): string | null {
  if (!schedule) return null;
  if (whyUnreadable(schedule) !== null) return overdueUnread(schedule, now);
  const from = lastSuccessAt && lastSuccessAt > since ? lastSuccessAt : since;
  const tick = nextTick(schedule, from);
  const usualMs = 2 * (usual.find((one) => one.type === type)?.p95Ms ?? 0);
  const isOverdue = tick && now.getTime() - tick.getTime() > schedule.patienceMs + usualMs;
  return isOverdue ? `by its tick of ${tick.toISOString()}` : null;
}

/** A rule that cannot be read here, so that only the tick that is due is known. */
function overdueUnread({ nextAt, patienceMs }: Scheduled, now: Date): string | null {
  const isOverdue = now.getTime() - Date.parse(nextAt) > patienceMs;
  return isOverdue ? `by its tick of ${nextAt}; its schedule cannot be read` : null;
}

/** Failed attempts raise the alert, but only jobs that were given up raise its level: a job that is tried five times is one job. */
function failing({ type, failures, givenUp, lastSuccessAt }: WatchedType): Finding[] {
  if (failures < FAILURES_IN_A_ROW) return [];
  return [
    {
      kind: 'failing',
      subject: type,
      level: Math.min(TOP, Math.max(1, Math.floor(givenUp / FAILURES_IN_A_ROW))),
      summary: `${type} has failed ${failures} times in a row.`,
      facts: { failures, givenUp, lastSuccessAt: lastSuccessAt?.toISOString() ?? null },
    },
  ];
}

/** A fixed type must not alarm for the rest of the hour: its runs in the last quarter, if any, must fail as often too. */
function rates({ hour, lately }: Facts, { failureRate, failureRuns }: Thresholds): Finding[] {
  const mended = lately.filter(
    ({ completed, failed }) => failed / (completed + failed) <= failureRate,
  );
  return hour.flatMap(({ type, completed, failed }) => {
    const runs = completed + failed;
    const rate = failed / runs;
    if (runs < failureRuns || rate <= failureRate) return [];
    if (mended.some((one) => one.type === type)) return [];
    const percent = Math.round(rate * 100);
    return [
      {
        kind: 'failure-rate',
        subject: type,
        level: rate >= 0.5 ? 2 : 1,
        summary: `${percent} % of the runs of ${type} in the last hour failed: ${failed} of ${runs}.`,
        facts: { failed, runs, percent },
      },
    ];
  });
}

/** A run that is under way, or ended since the last check. */
function long({ type, ms, jobId }: Facts['runs'][number], { types, usual }: Facts): Finding[] {
  const expectMs = types.find((one) => one.type === type)?.expectMs ?? null;
  const known = usual.find((one) => one.type === type);
  const p95Ms = known && known.runs >= LEAST_RUNS ? Math.round(known.p95Ms) : null;
  const is = jobId === null ? `A run of ${type} took` : `Job ${jobId} of ${type} has been running`;
  const of = { subject: type, facts: { ms: Math.round(ms), jobId, expectMs, p95Ms } };
  return [
    ...(expectMs !== null && ms > expectMs
      ? [
          {
            ...of,
            kind: 'slow' as const,
            level: 0,
            summary: `${is} ${span(ms)}; ${span(expectMs)} was expected.`,
          },
        ]
      : []),
    ...(p95Ms !== null && ms > Math.max(2 * p95Ms, LEAST_OVERRUN_MS)
      ? [
          {
            ...of,
            kind: 'overrun' as const,
            level: 1,
            summary: `${is} ${span(ms)}, more than twice its 95th percentile of ${span(p95Ms)}.`,
          },
        ]
      : []),
  ];
}

function queues({ queues: waiting }: Facts, { queueAgeMs }: Thresholds): Finding[] {
  return waiting
    .filter(({ oldestMs }) => oldestMs > queueAgeMs)
    .map(({ queue, oldestMs, ready }) => ({
      kind: 'queue-age',
      subject: `queue:${queue}`,
      level: 1,
      summary: `Jobs have been waiting in the queue ${queue} for ${span(oldestMs)}.`,
      facts: { oldestMs: Math.round(oldestMs), ready },
    }));
}

function workers({ stuck, dead, blocked }: Facts): Finding[] {
  const [longest] = blocked;
  const held = stuck.filter(({ seconds }) => seconds * 1_000 > STUCK_MS);
  const jobs = held.reduce((sum, one) => sum + one.jobs, 0);
  const names = dead.join(', ');
  return [
    ...(held.length > 0
      ? [
          {
            kind: 'stuck-leases' as const,
            subject: 'workers',
            level: 1,
            summary: `Up to ${jobs} jobs are held by workers that are gone, and have not been rescued.`,
            facts: { jobs, workers: held.map(({ worker }) => worker).join(', ') },
          },
        ]
      : []),
    ...(longest
      ? [
          {
            kind: 'blocked-worker' as const,
            subject: 'workers',
            level: 1,
            summary: `Nothing else runs in worker ${longest.worker} for ${span(longest.seconds * 1_000)}: a handler computes without a pause.`,
            facts: { count: blocked.length, worker: longest.worker, seconds: longest.seconds },
          },
        ]
      : []),
    ...(dead.length > 0
      ? [
          {
            kind: 'dead-workers' as const,
            subject: 'workers',
            level: 1,
            summary: `${dead.length} ${dead.length === 1 ? 'worker' : 'workers'} died in the last quarter of an hour: ${names}.`,
            facts: { count: dead.length, workers: names },
          },
        ]
      : []),
  ];
}

function database({ holders, deadRows }: Facts, { transactionMs }: Thresholds): Finding[] {
  const [oldest] = holders
    .filter(({ seconds }) => (seconds ?? 0) * 1_000 > transactionMs)
    .toSorted((one, other) => (other.seconds ?? 0) - (one.seconds ?? 0));
  const [worst] = deadRows.filter(({ dead, live }) => dead > Math.max(LEAST_DEAD_ROWS, live));
  return [
    ...(oldest
      ? [
          {
            kind: 'old-transaction' as const,
            subject: 'database',
            level: 1,
            summary: `A ${oldest.kind} (${oldest.who}) has been open for ${span((oldest.seconds ?? 0) * 1_000)}: vacuum cannot remove dead rows until it ends.`,
            facts: { who: oldest.who, seconds: Math.round(oldest.seconds ?? 0) },
          },
        ]
      : []),
    ...(worst
      ? [
          {
            kind: 'dead-rows' as const,
            subject: 'database',
            level: 0,
            summary: `${worst.table} has ${worst.dead.toLocaleString('en-US')} dead rows and ${worst.live.toLocaleString('en-US')} live ones: vacuum does not keep up.`,
            facts: { table: worst.table, dead: worst.dead, live: worst.live },
          },
        ]
      : []),
  ];
}
