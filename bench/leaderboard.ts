/**
 * The leaderboards of the quiz pack with a million players: time of the job, compared with bare statements and with one write per
 * player.
 *
 *   npm run bench:leaderboard [players]
 *
 * Starts a PostgreSQL with fsync and 2 GB of buffers, and a Redis. Takes several minutes.
 */
import { createClient } from 'redis';
import { openPostgres } from '../dist/database/postgres.js';
import { createHumdrum, type Database, type Humdrum } from '../dist/index.js';
import { defineQuiz, quiz, seed, type Leaderboard } from '../dist/packs/quiz/index.js';
import { startPostgres } from '../tests/support/postgres-server.ts';
import { nowMs } from './clock.ts';
import { createDatabase, numberFrom, onPostgres, type Rows } from './databases.ts';
import { machine } from './machine.ts';
import { startRedis } from './redis.ts';

const PLAYERS = Number(process.argv[2] ?? 1_000_000);
/** Players written one by one. All would take too long. */
const ONE_BY_ONE = Math.min(20_000, PLAYERS);
/** Of those, players written with a commit each. */
const SAVED = Math.min(5_000, PLAYERS);
const READS = 500;
/** A Thursday, when both the weekly and the monthly board have points. */
const NOW = new Date('2025-09-18T12:00:00Z');
const HOUR_MS = 3_600_000;
const at = (hour: number): Date => new Date(NOW.getTime() + hour * HOUR_MS);

const BOARDS = ['global', 'weekly', 'monthly'] as const;

async function timed(what: string, work: () => Promise<unknown>): Promise<number> {
  const startMs = nowMs();
  await work();
  const seconds = (nowMs() - startMs) / 1_000;
  console.log(`${what.padEnd(74)} ${seconds.toFixed(2).padStart(8)} s`);
  return seconds;
}

/** Changes the points of all players on all boards. */
async function shuffle(query: Rows, round: number): Promise<void> {
  await query(
    `update quiz.player_progress set xp = (xp * 7919 + ${round}) % 100003, xp_at = coalesce(xp_at, $1)`,
    [NOW],
  );
  await query(
    `insert into quiz.xp_event select user_id, 1 + (xp * 31 + ${round}) % 97, $1::timestamptz - xp % 3600 * interval '1 second'
     from quiz.player_progress`,
    [NOW],
  );
  await query(
    'vacuum analyze quiz.player_progress, quiz.xp_event, quiz.ranking, quiz.ranking_page',
  );
  await query('checkpoint');
}

/** A hand-written statement for one board, without counts, comparison or parts. */
function bareStatement(
  type: (typeof BOARDS)[number],
  until: Date,
): [sql: string, params: unknown[]] {
  const start = { global: null, weekly: '2025-09-15T00:00:00Z', monthly: '2025-09-01T00:00:00Z' }[
    type
  ];
  const scores =
    start === null
      ? `select user_id, username, xp as score, xp_at from quiz.player_progress`
      : `select player.user_id, username, coalesce(score, 0)::bigint as score, earned.xp_at
         from quiz.player_progress as player left join (
           select user_id, sum(xp) as score, max(at) as xp_at from quiz.xp_event where at >= $1 and at < $2 group by user_id
         ) as earned using (user_id)`;
  const sql = `insert into quiz.ranking (type, user_id, username, score, xp_at, rank)
    select '${type}', user_id, username, score, xp_at,
      row_number() over (order by score desc, xp_at desc nulls last, user_id)
    from (${scores}) as scored
    on conflict (type, user_id) do update
    set username = excluded.username, score = excluded.score, xp_at = excluded.xp_at, rank = excluded.rank`;
  return [sql, start === null ? [] : [start, until]];
}

async function run(humdrum: Humdrum, type: string, hour: number): Promise<void> {
  const { succeeded, outcome } = await humdrum.run(type, {}, { at: at(hour) });
  if (!succeeded) throw new Error(`${type} failed: ${JSON.stringify(outcome.ended)}`);
}

/** The approach of the original application: sort all players in memory, then write each to Redis and PostgreSQL. */
async function oneByOne(
  query: Rows,
  redisUrl: string,
): Promise<{ redis: number; saved: number; inOne: number }> {
  const redis = createClient({ url: redisUrl });
  await redis.connect();
  const players = await query(
    `select user_id, username, xp, xp_at from quiz.player_progress order by xp desc limit ${ONE_BY_ONE}`,
  );
  const each = async (
    write: (player: Record<string, unknown>, rank: number) => Promise<unknown>,
    count = ONE_BY_ONE,
  ): Promise<void> => {
    for (const [place, player] of players.slice(0, count).entries()) await write(player, place + 1);
  };
  const save = async (
    { user_id, username, xp, xp_at }: Record<string, unknown>,
    rank: number,
  ): Promise<unknown> =>
    query(
      `insert into quiz.ranking (type, user_id, username, score, xp_at, rank) values ('global', $1, $2, $3, $4, $5)
       on conflict (type, user_id) do update
       set username = excluded.username, score = excluded.score, xp_at = excluded.xp_at, rank = excluded.rank`,
      [user_id, username, xp, xp_at, rank + 1],
    );
  const of = `${ONE_BY_ONE.toLocaleString('en-US')} players, one by one:`;
  const result = {
    redis: await timed(`${of} to Redis`, () =>
      each(async ({ user_id, xp }) =>
        redis.zAdd('one-by-one', { score: Number(xp), value: String(user_id) }),
      ),
    ),
    inOne: await timed(`${of} to PostgreSQL, in one transaction`, async () => {
      await query('begin');
      await each(save);
      await query('commit');
    }),
    saved: await timed(
      `${SAVED.toLocaleString('en-US')} players, one by one: to PostgreSQL, each saved for itself`,
      () => each(save, SAVED),
    ),
  };
  redis.destroy();
  return result;
}

async function read(name: string, board: Leaderboard): Promise<void> {
  const ids = Array.from(
    { length: READS },
    (_, i) => `player-${String(1 + ((i * 7_919) % PLAYERS)).padStart(7, '0')}`,
  );
  await board.top('weekly', 10);
  const reads: Record<string, (id: string) => Promise<unknown>> = {
    'top 100': () => board.top('weekly', 100),
    'the place of a player': (id) => board.placeOf('weekly', id),
    'a player with 5 neighbours on each side': (id) => board.neighboursOf('weekly', id, 5),
  };
  for (const [what, ask] of Object.entries(reads)) {
    const ms: number[] = [];
    for (const id of ids) {
      const startMs = nowMs();
      await ask(id);
      ms.push(nowMs() - startMs);
    }
    const median = ms.toSorted((a, b) => a - b)[READS / 2] ?? NaN;
    console.log(
      `${`${what}, from ${name}, median`.padEnd(74)} ${median.toFixed(2).padStart(8)} ms`,
    );
  }
}

async function measure(db: Database, query: Rows, redisUrl: string): Promise<void> {
  const pack = defineQuiz({ redis: redisUrl });
  const humdrum = await createHumdrum({ database: db, packs: [pack] });
  const many = PLAYERS.toLocaleString('en-US');
  await timed(`${many} players seeded`, () =>
    seed(db, { players: PLAYERS, seed: 'bench', at: NOW }),
  );
  await query('vacuum analyze');
  await timed('three boards, made for the first time', () =>
    run(humdrum, 'quiz.recalculate-leaderboards', 1),
  );
  await shuffle(query, 1);
  let bare = 0;
  for (const type of BOARDS) {
    bare += await timed(`the bare statement, ${type}, each place another`, () =>
      query(...bareStatement(type, at(2))),
    );
  }
  await shuffle(query, 2);
  const job = await timed('the job: three boards, each place another', () =>
    run(humdrum, 'quiz.recalculate-leaderboards', 3),
  );
  const nothing = await timed('the job again an hour later, nothing has changed', () =>
    run(humdrum, 'quiz.recalculate-leaderboards', 4),
  );
  const publish = await timed('three boards copied to Redis', () =>
    run(humdrum, 'quiz.publish-leaderboards', 4),
  );
  await read('PostgreSQL', quiz.openLeaderboard(db));
  const cached = pack.openLeaderboard(db, {
    onFallback: ({ reason }) => {
      throw new Error(`Redis did not answer: ${reason}`);
    },
  });
  await read('Redis', cached);
  cached.close();
  const slow = await oneByOne(query, redisUrl);
  const perPlayer = (seconds: number, players: number): number => (seconds * 1e6) / players;
  const fast = perPlayer(job + publish, 3 * PLAYERS);
  const redisOnly = perPlayer(slow.redis, ONE_BY_ONE);
  const times = (saving: number): string => ((redisOnly + saving) / fast).toFixed(0);
  console.log(
    `\nThe job takes ${(job / bare).toFixed(2)} × the bare statements; ${(nothing / bare).toFixed(2)} × where nothing has changed.`,
  );
  console.log(
    `A player costs ${fast.toFixed(1)} µs on each board, copy in Redis included. One by one it is ${times(perPlayer(slow.saved, SAVED))} × as much where each ` +
      `is saved for itself, and ${times(perPlayer(slow.inOne, ONE_BY_ONE))} × in one transaction.`,
  );
  console.log(
    `Memory of this process, which has run all of it: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB at most.`,
  );
}

/** Typical settings for a server of this size. The default 128 MB would measure the disk. */
const settings = { shared_buffers: '2GB', max_wal_size: '4GB' };
const postgres = await startPostgres({ fsync: true, settings });
const redis = await startRedis();
try {
  if (!redis) throw new Error('There is no redis-server on the PATH.');
  console.log(
    `${machine()}, Node ${process.version}, PostgreSQL ${postgres.version}, Redis ${redis.version}\n`,
  );
  const url = await createDatabase(postgres.url);
  const db = await openPostgres(url);
  await onPostgres(url, async (query) => {
    await measure(db, query, redis.url);
    console.log(
      `Database: ${Math.round((await numberFrom(query, 'select pg_database_size(current_database())')) / 2 ** 20)} MiB.`,
    );
  });
  await db.close();
} finally {
  await redis?.stop();
  await postgres.stop();
}
