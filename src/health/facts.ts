import type { Database, Queryable } from '../database/database.ts';
import {
  deadRows,
  type DeadRows,
  type HorizonHolder,
  horizonHolders,
} from '../database/server-facts.ts';
import { type StuckLease, stuckLeases } from '../engine/show/doctor.ts';
import { vitalSigns } from '../engine/show/vital-signs.ts';
import { statistics } from '../engine/statistics/statistics.ts';
import { running } from '../engine/transitions/running.ts';
import type { Memory } from './memory.ts';
import type { WatchedType } from './watched-type.ts';

/** Everything that the rules look at, at one moment. */
export interface Facts {
  now: Date;
  types: WatchedType[];
  /** Runs of the last hour. */
  hour: { type: string; completed: number; failed: number }[];
  /** Runs of the last quarter of an hour. */
  lately: { type: string; completed: number; failed: number }[];
  /** Runs of the last week. */
  usual: { type: string; runs: number; p95Ms: number }[];
  /** The longest run of each type, among those under way and those that ended since the last check (`jobId` null). */
  runs: { type: string; ms: number; jobId: number | null }[];
  queues: { queue: string; ready: number; oldestMs: number }[];
  stuck: StuckLease[];
  /** Names of workers that died in the last quarter of an hour. */
  dead: string[];
  /** Workers whose event loop does not run: a handler computes. */
  blocked: { worker: string; seconds: number }[];
  holders: HorizonHolder[];
  deadRows: DeadRows[];
}

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const MOST_RUNNING = 10_000;

const RUNNING = `
select distinct on (job.type) job.type, held.job_id as "jobId",
  extract(epoch from humdrum.clock() - claimed_at)::float8 * 1000 as ms
from (
  select job_id, claimed_at from ${running()} as held limit ${MOST_RUNNING}
) as held cross join lateral (select type from humdrum.job where job.id = held.job_id offset 0) as job
order by job.type, claimed_at`;

const DEAD = `
select name from humdrum.worker
where left_at is null and expires_at <= humdrum.clock() and expires_at > humdrum.clock() - interval '15 minutes'
order by expires_at desc limit 20`;

const BLOCKED = `
select name as worker, extract(epoch from humdrum.clock() - blocked_since)::float8 as seconds from humdrum.worker
where blocked_since is not null and expires_at > humdrum.clock() order by blocked_since limit 20`;

/** Reads one after another, since a transaction is one connection. */
export async function readFacts(
  db: Queryable,
  backend: Database['backend'],
  { now, types, ended }: Memory,
): Promise<Facts> {
  const before = (ms: number): Date => new Date(now.getTime() - ms);
  const hour = await statistics(db, { from: before(HOUR_MS) });
  const lately = await statistics(db, { from: before(HOUR_MS / 4) });
  const week = await statistics(db, { from: before(WEEK_MS) });
  const runs = await db.query<Facts['runs'][number]>(RUNNING);
  const { queues } = await vitalSigns(db);
  const dead = await db.query<{ name: string }>(DEAD);
  const blocked = await db.query<Facts['blocked'][number]>(BLOCKED);
  const isServer = backend === 'postgres';
  return {
    now,
    types,
    hour,
    lately: lately.filter(({ completed, failed }) => completed + failed > 0),
    usual: week.flatMap(({ type, completed, failed, runMs }) =>
      runMs ? [{ type, runs: completed + failed, p95Ms: runMs.p95 }] : [],
    ),
    runs: longest([...runs.rows, ...ended.map((run) => ({ ...run, jobId: null }))]),
    queues: [...queues].map(([queue, { ready, oldest }]) => ({
      queue,
      ready,
      oldestMs: oldest * 1_000,
    })),
    stuck: await stuckLeases(db, 0),
    dead: dead.rows.map(({ name }) => name),
    blocked: blocked.rows,
    holders: isServer ? await horizonHolders(db) : [],
    deadRows: isServer ? await deadRows(db, ['humdrum']) : [],
  };
}

/** One per type, since all runs of a type share one alert. */
function longest(runs: Facts['runs']): Facts['runs'] {
  const byType = new Map<string, Facts['runs'][number]>();
  for (const run of runs) {
    if (run.ms > (byType.get(run.type)?.ms ?? -1)) byType.set(run.type, run);
  }
  return [...byType.values()];
}
