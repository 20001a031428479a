import { nextTick } from '../engine/schedule/cron.ts';
import type { Facts } from './facts.ts';
import type { Kind } from './kinds.ts';
import { span } from './span.ts';
import type { WatchedType } from './watched-type.ts';

/** What the checks find wrong. By its kind and subject it is the same from one check to the next. */
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

/** From when on something is wrong. */
export interface Thresholds {
  /** Of the runs of the last hour, and of its last quarter, the part that may fail. Default 0.1. */
  failureRate: number;
  /** Of fewer runs no rate is made. Default 20. */
  failureRuns: number;
  /** How long the first in a queue may wait. Default 900,000 (15 min). */
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
/** From fewer runs nobody knows how long a type takes. */
const LEAST_RUNS = 20;
/** What takes a millisecond most times may take some more: no run is too long that takes less than this. */
const LEAST_OVERRUN_MS = 1_000;
/** What was last heard of a success is known to the minute. */
const MINUTE_MS = 60_000;
const STUCK_MS = 60_000;
/** Less is what vacuum comes for by itself. */
const LEAST_DEAD_ROWS = 1_000_000;

/** All that is wrong, by the facts alone. */
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

/** By its window, or else by its schedule. */
function missing(type: WatchedType, facts: Facts): Finding[] {
  const overdue =
    type.everyMs === null ? overdueBySchedule(type, facts) : overdueByWindow(type, facts);
  if (overdue === null) return [];
  const { everyMs, since, lastSuccessAt, failures } = type;
  const heard = lastSuccessAt
    ? `has last succeeded ${span(facts.now.getTime() - lastSuccessAt.getTime())} ago`
    : `has not succeeded once since ${since.toISOString()}`;
  return [
    {
      kind: lastSuccessAt ? 'late' : 'never-ran',
      subject: type.type,
      level: 1,
      summary: `${type.type} ${heard}, and should ${overdue}.`,
      facts: {
        everyMs,
        since: since.toISOString(),
        lastSuccessAt: lastSuccessAt?.toISOString() ?? null,
        failures,
      },
    },
  ];
}

/** When it should have succeeded. Null: it has. */
function overdueByWindow({ everyMs, since, lastSuccessAt }: WatchedType, { now }: Facts) {
  const sinceMs = now.getTime() - since.getTime();
  const ageMs = lastSuccessAt ? now.getTime() - lastSuccessAt.getTime() - MINUTE_MS : sinceMs;
  const isOverdue = everyMs !== null && Math.min(ageMs, sinceMs) > everyMs;
  return isOverdue ? `every ${span(everyMs)}` : null;
}

/** The first tick after its last success is due as soon as it comes, and some patience later at the latest. */
function overdueBySchedule(
  { type, schedule, since, lastSuccessAt }: WatchedType,
  { now, usual }: Facts,
): string | null {
  if (!schedule) return null;
  const from = lastSuccessAt && lastSuccessAt > since ? lastSuccessAt : since;
  const tick = nextTick(schedule, from);
  const usualMs = 2 * (usual.find((one) => one.type === type)?.p95Ms ?? 0);
  const isOverdue = tick && now.getTime() - tick.getTime() > schedule.patienceMs + usualMs;
  return isOverdue ? `by its tick of ${tick.toISOString()}` : null;
}

/** Attempts raise it, and what they have cost raises it further: a job that is tried five times is one job. */
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

/** What has been mended is no alarm for the rest of the hour: what ran lately, if anything did, must have failed as often. */
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
        summary: `${percent} % of the runs of ${type} in the last hour have failed: ${failed} of ${runs}.`,
        facts: { failed, runs, percent },
      },
    ];
  });
}

/** A run that goes on, or has ended since the check before. */
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
            summary: `${is} ${span(ms)}, and ${span(expectMs)} is expected.`,
          },
        ]
      : []),
    ...(p95Ms !== null && ms > Math.max(2 * p95Ms, LEAST_OVERRUN_MS)
      ? [
          {
            ...of,
            kind: 'overrun' as const,
            level: 1,
            summary: `${is} ${span(ms)}: more than twice the ${span(p95Ms)} in which 95 % of them end.`,
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

function workers({ stuck, dead }: Facts): Finding[] {
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
            summary: `Up to ${jobs} jobs are held by workers that are gone, and nobody rescues them.`,
            facts: { jobs, workers: held.map(({ worker }) => worker).join(', ') },
          },
        ]
      : []),
    ...(dead.length > 0
      ? [
          {
            kind: 'dead-workers' as const,
            subject: 'workers',
            level: 1,
            summary: `Workers have died, ${dead.length} in the last quarter of an hour: ${names}.`,
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
            summary: `A ${oldest.kind} (${oldest.who}) has been open for ${span((oldest.seconds ?? 0) * 1_000)}: no dead row is removed until it ends.`,
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
            summary: `${worst.table} has ${worst.dead.toLocaleString('en-US')} dead rows beside ${worst.live.toLocaleString('en-US')} live ones: vacuum does not keep up.`,
            facts: { table: worst.table, dead: worst.dead, live: worst.live },
          },
        ]
      : []),
  ];
}
