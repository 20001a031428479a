/**
 * Fills the tables with a history like that of the engine, with set-based statements:
 *
 *   bench/node_modules/.bin/node bench/history-rows.ts postgres://… 10000000
 *
 * Needs an empty database and a build of Humdrum. Ten million jobs take about 8 GB.
 */
import { fileURLToPath } from 'node:url';
import { rollUpAll } from '../dist/engine/statistics/roll-up.js';
import { openPostgres } from '../dist/database/postgres.js';
import { createHumdrum, defineJob, type JobType } from '../dist/index.js';
import { z } from 'zod';
import { onPostgres, type Rows } from './databases.ts';

const CHUNK = 100_000;
/** Ten million jobs in 30 days. */
const EVERY_MS = 259.2;

/** Jobs of each type per ten thousand. The rarest is one in fifty thousand. */
const SHARES: readonly [type: string, share: number][] = [
  ['history.mail', 3_500],
  ['history.sync', 2_500],
  ['history.report', 1_500],
  ['history.image', 1_000],
  ['history.invoice', 800],
  ['history.export', 500],
  ['history.cleanup', 199.8],
  ['history.rare', 0.2],
];

const attributes = ['tenant'];
export const HISTORY_TYPES: readonly JobType[] = SHARES.map(([type]) =>
  defineJob({ type, input: z.unknown(), attributes, run: () => null }),
);

// One job in a hundred was cancelled before it started. Of 1,000 others, 4 failed for good after two attempts and 12 completed in
// the second, so two attempts in a hundred failed. Half of all jobs are of one tenant, and three jobs of another.
const CHUNK_SQL = `
with made as materialized (
  select id, hash, type, start + id * step as created_at,
    wait_ms * interval '1 millisecond' as wait, run_ms * interval '1 millisecond' as run,
    case when hash % 100 = 0 then 'cancelled' when hash / 100 % 1000 < 4 then 'failed' when hash / 100 % 1000 < 16 then 'again' else 'completed' end as fate
  from (
    select id, abs(hashint8extended(id, 1)) % 1000000000 as hash, $3::timestamptz as start, $4::float8 * interval '1 millisecond' as step,
      10 * exp(4.0 * (abs(hashint8extended(id, 2)) % 1000) / 1000) as wait_ms,
      2 * exp(7.0 * (abs(hashint8extended(id, 3)) % 1000) / 1000) as run_ms,
      abs(hashint8extended(id, 4)) % 100000 as place
    from generate_series($1::bigint, $2::bigint) as id
  ) as drawn
  join unnest($5::text[], $6::float8[], $7::float8[]) as share (type, low, high) on place >= low and place < high
),
tried as materialized (
  select id, type, number, created_at + wait + (number - 1) * interval '5 seconds' as started_at,
    created_at + wait + run + (number - 1) * interval '5 seconds' as finished_at,
    case when fate = 'completed' or (fate = 'again' and number = 2) then 'completed' else 'failed' end as status,
    case hash % 7 when 0 then 'Timeout' when 1 then 'RangeError' else 'TypeError' end as error_class, fate
  from made cross join generate_series(1, 2) as number
  where fate <> 'cancelled' and (number = 1 or fate <> 'completed')
),
job as (
  insert into humdrum.job (id, created_at, run_at, rank, priority, max_attempts, version, type, queue, input, schedule)
  select id, created_at, created_at, date_part('epoch', created_at) - 1577836800, 0, 2, 1, type,
    case when type in ('history.report', 'history.export') then 'slow' else 'default' end,
    json_build_object('tenant', case when id = any ($8::bigint[]) then 'tiny' when hash % 2 = 0 then 'acme' else 'tenant-' || hash / 2 % 1000 end,
      'pad', repeat('x', 60)),
    case when type = 'history.cleanup' then type end
  from made
),
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, started_at, finished_at, number, status, result, error_class, error_message)
  select id, id / 50, 1, started_at, finished_at, number, status, case when status = 'completed' then 'null'::json end,
    case when status = 'failed' then error_class end, case when status = 'failed' then 'it did not work out' end
  from tried order by finished_at, number
),
cancellation as (
  insert into humdrum.cancellation (job_id, cancelled_at) select id, created_at + interval '1 second' from made where fate = 'cancelled'
),
failed as (
  insert into humdrum.failed (job_id, failed_at, rank, attempt, queue, type, error_class)
  select id, finished_at, date_part('epoch', started_at) - 1577836800, 2, 'default', type, error_class from tried where fate = 'failed' and number = 2
)
insert into humdrum.audit (at, job_id, attempt, event, actor)
select at, id, attempt, event, actor from (
  select created_at as at, 0 as step, id, null::smallint as attempt, 'created' as event, 'bench' as actor from made
  union all select started_at, 1, id, number, 'started', 'worker:1' from tried
  union all select finished_at, 2, id, number, status, 'worker:1' from tried
  union all select finished_at, 3, id, number, 'retried', 'worker:1' from tried where number = 1 and status = 'failed'
  union all select created_at + interval '1 second', 1, id, null, 'cancelled', 'bench' from made where fate = 'cancelled'
) as told order by at, step`;

/** Fills an empty database with ended jobs up to now: ten million cover 30 days, fewer cover proportionally less. */
export async function fillHistory(
  url: string,
  jobs: number,
  say: (line: string) => void,
): Promise<void> {
  const humdrum = await createHumdrum({ database: url, jobs: HISTORY_TYPES });
  await humdrum.register();
  await humdrum.close();
  const database = await openPostgres(url);
  try {
    await onPostgres(url, async (query) => {
      await query('set synchronous_commit = off');
      await query(
        `insert into humdrum.worker (name, started_at, expires_at) values ('bench', now(), now())`,
      );
      await query('set session_replication_role = replica'); // Its jobs have never been queued.
      await writeFacts(query, jobs, say);
      await query('set session_replication_role = origin');
      say('rolling up');
      await rollUpAll(database);
      say('vacuuming');
      await query('vacuum (analyze)');
      await query('checkpoint');
    });
  } finally {
    await database.close();
  }
}

async function writeFacts(query: Rows, jobs: number, say: (line: string) => void): Promise<void> {
  const span = jobs * EVERY_MS;
  const start = new Date(Date.now() - span - 60_000).toISOString();
  const edges = SHARES.map((_, at) =>
    SHARES.slice(0, at).reduce((sum, [, share]) => sum + share * 10, 0),
  );
  const shares = [SHARES.map(([type]) => type), edges, [...edges.slice(1), 100_000]];
  const tiny = [0.2, 0.5, 0.8].map((part) => Math.ceil(jobs * part));
  for (let from = 1; from <= jobs; from += CHUNK) {
    const to = Math.min(from + CHUNK - 1, jobs);
    await query(`select setval('humdrum.job_id', $1)`, [to]);
    await query('select humdrum.extend_history()');
    await query(CHUNK_SQL, [from, to, start, EVERY_MS, ...shares, tiny]);
    if (to % 1_000_000 === 0) say(`${to.toLocaleString('en')} jobs`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [url = '', jobs = '10000000'] = process.argv.slice(2);
  await fillHistory(url, Number(jobs), (line) => console.error(line));
}
