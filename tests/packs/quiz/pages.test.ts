import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { quiz } from '../../../src/packs/quiz/index.ts';
import { writePages } from '../../../src/packs/quiz/page-queries.ts';
import { anyBackend } from '../../support/databases.ts';
import { addPlayers, after, hours, MONDAY, runJob, valuesOf } from './support.ts';

const PLAYERS = 100;
const REACHES = [1, 31, 32, 33, 70, 500];

const name = (at: number): string => `player-${String(at).padStart(3, '0')}`;

async function recalculate(db: Database, hour: number): Promise<void> {
  await runJob(db, 'quiz.recalculate-leaderboards', after(MONDAY, hours(hour)));
}

/** The obvious way: all rows of the board in their order, and what is around a player cut out of them. */
async function expectReadsAsRows(db: Database): Promise<void> {
  const board = quiz.openLeaderboard(db);
  const { rows } = await db.query<{ rank: number; userId: string }>(
    `select rank, user_id as "userId", username, score from quiz.ranking where type = 'global' order by rank, user_id`,
  );
  for (const count of [1, 31, 32, 33, 64, 500]) {
    expect(await board.top('global', count), `top ${count}`).toEqual(rows.slice(0, count));
  }
  for (const [at, { userId }] of rows.entries()) {
    const reach = REACHES[at % REACHES.length] ?? 0;
    const around = rows.slice(Math.max(0, at - reach), at + reach + 1);
    const read = await board.neighboursOf('global', userId, reach);
    expect(read, `${reach} around ${userId}`).toEqual(around);
  }
}

anyBackend('the pages of a leaderboard', (fresh) => {
  it('hold its places in their order, however many there are', async () => {
    const db = await fresh({ packs: [quiz] });
    const all = Array.from({ length: PLAYERS }, (_, at) => ({ id: name(at), xp: (at * 37) % 101 }));
    await addPlayers(db, ...all);
    await recalculate(db, 1);
    await expectReadsAsRows(db);
    await db.query(`update quiz.player_progress set xp = (xp * 53) % 97`);
    await recalculate(db, 2);
    await expectReadsAsRows(db);
    await db.query(`delete from quiz.player_progress where user_id > $1`, [name(40)]);
    await recalculate(db, 3);
    await expectReadsAsRows(db);
    const pages = `select page from quiz.ranking_page where type = 'global' order by 1`;
    expect(await valuesOf(db, pages)).toEqual([0, 1]);
  });

  it('hold rows that were left with a rank of before, which another has too', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, ...Array.from({ length: PLAYERS }, (_, at) => ({ id: name(at), xp: at })));
    await recalculate(db, 1);
    await db.query(
      `update quiz.ranking set rank = 33 where type = 'global' and rank between 29 and 40`,
    );
    await db.query(
      `update quiz.ranking set rank = 80 where type = 'global' and rank between 62 and 70`,
    );
    await writePages(db, 'global');
    await expectReadsAsRows(db);
  });

  it('are there again when somebody has emptied them', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, ...Array.from({ length: 40 }, (_, at) => ({ id: name(at), xp: at })));
    await recalculate(db, 1);
    await db.query('truncate quiz.ranking_page');
    await recalculate(db, 2);
    await expectReadsAsRows(db);
  });

  it('are made of the rows of a database that had none', async () => {
    const db = await fresh();
    const migrate = async (file: string): Promise<void> => {
      const sql = await readFile(
        new URL(`../../../migrations/quiz/${file}`, import.meta.url),
        'utf8',
      );
      await db.transaction((tx) => tx.script(sql));
    };
    await migrate('0001_quiz.sql');
    await db.query(
      `insert into quiz.ranking (type, user_id, username, score, xp_at, rank)
       select type, 'p' || rank, 'P', 500 - rank, now(), rank
       from generate_series(1, 100) as rank, unnest(array['global', 'weekly']) as type`,
    );
    await migrate('0002_pages.sql');
    await expectReadsAsRows(db);
    await db.query('create table pages as select * from quiz.ranking_page');
    await writePages(db, 'weekly');
    const pages = (table: string): Promise<unknown[]> =>
      valuesOf(db, `select p::text from ${table} as p order by 1`);
    expect(await pages('quiz.ranking_page')).toEqual(await pages('pages'));
  });
});
