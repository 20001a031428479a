import { expect, it } from 'vitest';
import { seededRandom } from '../../../src/engine/base/random.ts';
import { createHumdrum } from '../../../src/index.ts';
import { arcade, GAMES, PERIODS } from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { contents, play, runJob } from './support.ts';

const NOON = '2026-01-28T12:00:00Z';

anyBackend('arcade.validate-leaderboards', (fresh) => {
  it('reads the top of 5 games in 3 periods, and counts what it finds', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-28T10:00:00Z', { game: 'snake' });
    await play(db, '2026-01-28T11:00:00Z', { game: 'snake', by: 2 });
    await play(db, '2026-01-26T10:00:00Z', { game: 'tetris' });
    await play(db, '2026-01-20T10:00:00Z', { game: 'space_invaders' });
    const { result, log, events, plan } = await runJob(db, 'arcade.validate-leaderboards', NOON);
    expect(result).toEqual({
      message: 'Leaderboards processed: 15. Entries validated: 6. Errors: 0.',
      affected: 0,
      details: { leaderboards: 15, entries: 6, errors: [], errorCount: 0 },
    });
    expect(log[0]).toBe('Starting leaderboard validation: 15 leaderboards');
    expect(log.slice(1, -1)).toEqual(
      GAMES.flatMap((game) =>
        PERIODS.map((period) => {
          const found = {
            snake: PERIODS,
            tetris: ['weekly', 'alltime'],
            space_invaders: ['alltime'],
          };
          const has = (found as Record<string, readonly string[]>)[game]?.includes(period);
          return `Validated ${game} ${period}: ${has ? 1 : 0} entries`;
        }),
      ),
    );
    expect(log.at(-1)).toBe(result.message);
    expect(events).toEqual([]);
    expect(plan?.tables).toEqual([]);
  });

  it('reports a board whose query fails, and reads the others', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-28T10:00:00Z', { game: 'tetris' });
    await play(db, '2026-01-28T10:00:00Z', { game: 'pong' });
    // The ranking query meets a division by zero on one board alone.
    await db.query('alter table arcade.leaderboard_entry rename to stored');
    await db.query(
      `create view arcade.leaderboard_entry as
       select session_id, game_type, player_address, period, period_date, created_at,
              score / case when game_type = 'tetris' and period = 'weekly' then 0 else 1 end as score
       from arcade.stored`,
    );
    const { result, log, events } = await runJob(db, 'arcade.validate-leaderboards', NOON);
    const failed = {
      game: 'tetris',
      period: 'weekly',
      periodDate: '2026-01-26',
      error: 'division by zero',
    };
    expect(result.details).toEqual({
      leaderboards: 15,
      entries: 5,
      errors: [failed],
      errorCount: 1,
    });
    expect(result.message).toBe('Leaderboards processed: 15. Entries validated: 5. Errors: 1.');
    expect(log).toContain('Cannot read tetris weekly: division by zero');
    expect(log).toContain('Validated pong weekly: 1 entries');
    expect(events).toEqual([{ name: 'arcade.leaderboard-failed', data: failed }]);
  });

  it('counts what a walk over all games counts, and its rehearsal says the same', async () => {
    const db = await fresh({ packs: [arcade] });
    const random = seededRandom('boards');
    const boards = new Set<string>();
    for (let n = 0; n < 12; n += 1) {
      const game = GAMES[Math.floor(random() * 5)] ?? 'snake';
      const day = 19 + Math.floor(random() * 10);
      await play(db, `2026-01-${day}T10:00:00Z`, { game, by: n });
      boards.add(`${game} alltime`);
      if (day >= 26) boards.add(`${game} weekly`);
      if (day === 28) boards.add(`${game} daily`);
    }
    const before = await contents(db);
    const humdrum = await createHumdrum({ database: db, packs: [arcade] });
    const plan = await humdrum.rehearse('arcade.validate-leaderboards', {}, new Date(NOON));
    const first = await runJob(db, 'arcade.validate-leaderboards', NOON);
    expect(first.plan?.hash).toBe(plan.hash);
    expect(first.result.details).toMatchObject({ entries: boards.size, errorCount: 0 });
    expect((await runJob(db, 'arcade.validate-leaderboards', NOON)).result).toEqual(first.result);
    expect(await contents(db)).toEqual(before);
  });
});
