import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { seededRandom } from '../../../src/engine/base/random.ts';
import {
  arcade,
  defineArcade,
  finishGame,
  GAMES,
  payForGame,
  PERIODS,
  topOf,
} from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { nextPeriodOf, periodNameOf } from './calendar.ts';
import { Oracle } from './oracle.ts';
import { hash, player, pools, runJob, valuesOf } from './support.ts';

const RUNS = Number(process.env['ARCADE_PROPERTY_RUNS'] ?? 2);
const DAY_MS = 86_400_000;
const FROM = Date.parse('2025-12-25T00:00:00Z');
const DAYS = 14;
const AGE_DAYS = 3;

interface Session {
  id: string;
  created: Date;
  state: 'paid' | 'unpaid' | 'played';
}

interface World {
  oracle: Oracle;
  sessions: Session[];
}

/** Two weeks over the end of a year: few players and scores, so that many tie, and nights on which the job does not run. */
async function live(db: Database, seed: string): Promise<World> {
  const random = seededRandom(seed);
  const whole = (most: number): number => Math.floor(random() * most);
  const world: World = { oracle: new Oracle(), sessions: [] };
  for (let day = 0; day < DAYS; day += 1) {
    const midnight = FROM + day * DAY_MS;
    if (random() < 0.6) {
      await runJob(db, 'arcade.finalize-prize-pools', new Date(midnight));
      world.oracle.finalize(new Date(midnight));
    }
    for (let game = whole(6); game > 0; game -= 1) {
      await playOnce(db, world, midnight, random, `${seed}/${day}/${game}`);
    }
  }
  return world;
}

async function playOnce(
  db: Database,
  { oracle, sessions }: World,
  midnight: number,
  random: () => number,
  id: string,
): Promise<void> {
  const whole = (most: number): number => Math.floor(random() * most);
  const game = GAMES[whole(3)] ?? 'snake';
  const playerAddress = player(whole(4));
  // On the hour, so that times tie too. Some come late: of a day before.
  const created = new Date(midnight + whole(24) * 3_600_000 - (random() < 0.15 ? DAY_MS : 0));
  if (random() < 0.1) {
    await db.query(
      `insert into arcade.game_session (id, game_type, player_address, created_at) values ($1, $2, $3, $4)`,
      [id, game, playerAddress, created],
    );
    sessions.push({ id, created, state: 'unpaid' });
    return;
  }
  const amountMicroUsdc = 1 + whole(random() < 0.3 ? 5 : 1_000_000);
  const paid = { sessionId: id, game, playerAddress, paymentTx: hash(id), amountMicroUsdc };
  await payForGame(db, { ...paid, at: created });
  oracle.pay(game, amountMicroUsdc, created);
  const isPlayed = random() < 0.5;
  sessions.push({ id, created, state: isPlayed ? 'played' : 'paid' });
  if (!isPlayed) return;
  const score = { session: id, game, player: playerAddress, score: whole(3), at: created };
  await finishGame(db, { sessionId: id, score: score.score, at: created });
  oracle.finish(score);
}

const byKey = <Each extends { game: string; period: string; date: string }>(list: Each[]): Each[] =>
  list.toSorted((a, b) => (JSON.stringify(keyOf(a)) < JSON.stringify(keyOf(b)) ? -1 : 1));
const keyOf = ({
  game,
  period,
  date,
}: {
  game: string;
  period: string;
  date: string;
}): string[] => [game, period, date];

anyBackend('the rules of the arcade against an oracle', (fresh) => {
  const seeds = Array.from({ length: RUNS }, (_, n) => `world ${n}`);

  it.each(seeds)('hold in %s', async (seed) => {
    const pack = defineArcade({ sessionExpiryMinutes: 600, leaderboardArchiveAgeDays: AGE_DAYS });
    const db = await fresh({ packs: [pack] });
    const { oracle, sessions } = await live(db, seed);
    expect(byKey(await pools(db))).toEqual(byKey(oracle.pools));

    const end = new Date(FROM + DAYS * DAY_MS);
    const today = end.toISOString().slice(0, 10);
    let boards = 0;
    for (const game of GAMES) {
      for (const period of PERIODS) {
        const expected = oracle.board(game, period, periodNameOf(period, end));
        const top = await topOf(db, { game, period, date: end });
        expect(top.map(({ sessionId }) => sessionId)).toEqual(
          expected.map(({ session }) => session),
        );
        boards += expected.length > 0 ? 1 : 0;
      }
    }
    const validated = await runJob(db, 'arcade.validate-leaderboards', end);
    expect(validated.result.details).toMatchObject({ entries: boards, errorCount: 0 });

    const named = `select period || ' ' || period_date || ' ' || game_type || ' ' || session_id from arcade.`;
    const entries = (await valuesOf(db, `${named}leaderboard_entry`)) as string[];
    const orphaned = entries.filter((_, place) => place % 7 === 3);
    await db.query(
      `update arcade.leaderboard_entry set session_id = 'gone ' || session_id
       where period || ' ' || period_date || ' ' || game_type || ' ' || session_id = any($1::text[])`,
      [orphaned],
    );
    await runJob(db, 'arcade.clean-up', end, pack);
    const isOld = (entry: string): boolean => {
      const [period = '', date = '', game = ''] = entry.split(' ');
      if (period === 'alltime' || oracle.find(game, period, date)?.status === 'active')
        return false;
      return Date.parse(nextPeriodOf(period, date)) + AGE_DAYS * DAY_MS <= Date.parse(today);
    };
    const kept = entries.filter((entry) => !orphaned.includes(entry));
    expect(new Set(await valuesOf(db, `${named}leaderboard_entry`))).toEqual(
      new Set(kept.filter((entry) => !isOld(entry))),
    );
    expect(new Set(await valuesOf(db, `${named}leaderboard_archive`))).toEqual(
      new Set(kept.filter(isOld)),
    );
    expect(kept.filter(isOld).length).toBeGreaterThan(0);
    const cutoff = end.getTime() - 600 * 60_000;
    const status = ({ id, state, created }: Session): string[] => {
      if (state === 'played') return [`${id} completed`];
      if (created.getTime() >= cutoff) return [`${id} active`];
      return state === 'paid' ? [`${id} expired`] : [];
    };
    const stored = await valuesOf(db, `select id || ' ' || status from arcade.game_session`);
    expect(new Set(stored)).toEqual(new Set(sessions.flatMap(status)));
  });
});

anyBackend('the winner', (fresh) => {
  it('of a finalized pool is still the top of its board, whatever comes late', async () => {
    const db = await fresh({ packs: [arcade] });
    await live(db, 'late');
    const wrong = await valuesOf(
      db,
      `select count(*)::int from arcade.prize_pool as pool where winner_address <> (
         select player_address from arcade.leaderboard_entry as entry
         where (entry.game_type, entry.period, entry.period_date) = (pool.game_type, pool.period, pool.period_date)
         order by score desc, created_at, session_id limit 1
       )`,
    );
    expect(wrong).toEqual([0]);
  });
});
