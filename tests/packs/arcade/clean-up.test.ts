import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { createHumdrum } from '../../../src/index.ts';
import { arcade, defineArcade, fillSample, payForGame } from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { fingerprint, hash, play, player, poison, runJob, valuesOf } from './support.ts';

const AT_THREE = '2026-01-28T03:00:00Z';
const cleanUp = (db: Database, at: Date | string = AT_THREE, pack = arcade) =>
  runJob(db, 'arcade.clean-up', at, pack);

async function pay(db: Database, id: string, at: string): Promise<void> {
  await payForGame(db, {
    sessionId: id,
    game: 'snake',
    playerAddress: player(1),
    paymentTx: hash(id),
    amountMicroUsdc: 400_000,
    at: new Date(at),
  });
}

async function openUnpaid(db: Database, id: string, at: string): Promise<void> {
  await db.query(
    `insert into arcade.game_session (id, game_type, player_address, created_at) values ($1, 'snake', $2, $3)`,
    [id, player(1), at],
  );
}

const statuses = (db: Database): Promise<unknown[]> =>
  valuesOf(db, `select id || ' ' || status from arcade.game_session order by id`);

const ARCHIVED = `select game_type || ' ' || period || ' ' || period_date from arcade.leaderboard_archive order by 1`;

anyBackend('arcade.clean-up', (fresh) => {
  it('expires what has been active for longer than 30 minutes, and never deletes what was paid', async () => {
    const db = await fresh({ packs: [arcade] });
    await pay(db, 'paid-31', '2026-01-28T02:29:59.999Z');
    await pay(db, 'paid-30', '2026-01-28T02:30:00Z');
    await openUnpaid(db, 'unpaid-31', '2026-01-28T02:29:59.999Z');
    await openUnpaid(db, 'unpaid-30', '2026-01-28T02:30:00Z');
    await play(db, '2026-01-28T01:00:00Z', { id: 'played' });
    const { result, log } = await cleanUp(db);
    expect(result).toEqual({
      message:
        'Expired sessions: 1. Unpaid sessions deleted: 1. Orphaned entries cleaned: 0. Entries archived: 0. Errors: 0.',
      affected: 2,
      details: {
        expiredSessions: 1,
        deletedSessions: 1,
        orphanedEntries: 0,
        archivedEntries: 0,
        errors: [],
        errorCount: 0,
      },
    });
    expect(log).toEqual([
      'Starting cleanup',
      'Expired 1 sessions, deleted 1 unpaid ones',
      'Cleaned 0 orphaned leaderboard entries',
      'Archived 0 leaderboard entries',
      result.message,
    ]);
    expect(await statuses(db)).toEqual([
      'paid-30 active',
      'paid-31 expired',
      'played completed',
      'unpaid-30 active',
    ]);
    expect(await valuesOf(db, 'select count(*)::int from arcade.payment')).toEqual([3]);
    const ended = `select completed_at from arcade.game_session where id = 'paid-31'`;
    expect(await valuesOf(db, ended)).toEqual([new Date(AT_THREE)]);
  });

  it('expires by the minutes that are configured', async () => {
    const pack = defineArcade({ sessionExpiryMinutes: 5 });
    const db = await fresh({ packs: [pack] });
    await pay(db, 'six', '2026-01-28T02:54:00Z');
    await pay(db, 'four', '2026-01-28T02:56:00Z');
    await cleanUp(db, AT_THREE, pack);
    expect(await statuses(db)).toEqual(['four active', 'six expired']);
  });

  it('deletes entries whose session is gone, and no others', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-28T01:00:00Z', { by: 1 });
    await play(db, '2026-01-28T01:00:00Z', { by: 2, game: 'tetris' });
    await db.query(
      `update arcade.leaderboard_entry set session_id = 'gone' where game_type = 'tetris' and period <> 'weekly'`,
    );
    const { result } = await cleanUp(db);
    expect(result.details).toMatchObject({ orphanedEntries: 2, errorCount: 0 });
    const left = `select count(*)::int from arcade.leaderboard_entry`;
    expect(await valuesOf(db, left)).toEqual([4]);
  });

  it('archives days and weeks that ended 90 days ago, whole, and keeps the all-time board', async () => {
    const db = await fresh({ packs: [arcade] });
    const at = '2026-04-06T03:00:00Z';
    // The 5th of January ended 90 days before the 6th of April; its week only 84 days before.
    await play(db, '2026-01-05T23:59:59Z', { by: 1 });
    await play(db, '2026-01-06T00:00:00Z', { by: 1, game: 'pong' });
    // Sunday, the end of a week that ended 91 days ago.
    await play(db, '2026-01-04T12:00:00Z', { by: 1, game: 'tetris' });
    await runJob(db, 'arcade.finalize-prize-pools', at);
    const entries = await valuesOf(db, 'select count(*)::int from arcade.leaderboard_entry');
    const { result } = await cleanUp(db, at);
    expect(result.details).toMatchObject({ archivedEntries: 3 });
    expect(await valuesOf(db, ARCHIVED)).toEqual([
      'snake daily 2026-01-05',
      'tetris daily 2026-01-04',
      'tetris weekly 2025-12-29',
    ]);
    const left = await valuesOf(db, 'select count(*)::int from arcade.leaderboard_entry');
    expect(left).toEqual([(entries[0] as number) - 3]);
    expect(
      await valuesOf(
        db,
        `select count(*)::int from arcade.leaderboard_entry where period = 'alltime'`,
      ),
    ).toEqual([3]);
    expect(
      await valuesOf(db, 'select distinct archived_at from arcade.leaderboard_archive'),
    ).toEqual([new Date(at)]);
  });

  it('archives nothing that a pool may still be won by, and nothing where that is switched off', async () => {
    const off = defineArcade({ archiveLeaderboards: false });
    const db = await fresh({ packs: [arcade] });
    await play(db, '2025-10-01T12:00:00Z');
    expect((await cleanUp(db)).result.details).toMatchObject({ archivedEntries: 0 });
    await runJob(db, 'arcade.finalize-prize-pools', '2026-01-28T00:00:00Z');
    const { result, log } = await cleanUp(db, AT_THREE, off);
    expect(result.details).toMatchObject({ archivedEntries: 0 });
    expect(log).toContain('Leaderboard archiving is off');
    expect((await cleanUp(db)).result.details).toMatchObject({ archivedEntries: 2 });
    const won = `select distinct winner_address from arcade.prize_pool`;
    expect(await valuesOf(db, won)).toEqual([player(1)]);
  });

  it('keeps the better entry where a player comes into an archived board again', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2025-10-01T12:00:00Z', { score: 5 });
    await runJob(db, 'arcade.finalize-prize-pools', '2026-01-28T00:00:00Z');
    await cleanUp(db);
    const entry = (score: number): string =>
      `insert into arcade.leaderboard_entry select id, game_type, player_address, ${score}, 'daily', '2025-10-01', created_at
       from arcade.game_session`;
    for (const [score, best] of [
      [3, 5],
      [8, 8],
    ] as const) {
      await db.query(entry(score));
      expect((await cleanUp(db)).result.details).toMatchObject({
        archivedEntries: 1,
        errorCount: 0,
      });
      const kept = `select score from arcade.leaderboard_archive where period = 'daily'`;
      expect(await valuesOf(db, kept)).toEqual([best]);
    }
  });

  it('leaves poisoned rows as they are, reports them, and does all others', async () => {
    const db = await fresh({ packs: [arcade] });
    await fillSample(db, { games: 3_000 });
    const sick = await valuesOf(
      db,
      `select id from arcade.game_session where status = 'active' and payment_tx is not null order by id limit 3`,
    );
    await poison(db, 'game_session', `old.id in ('${sick.join("', '")}')`);
    const { result } = await cleanUp(db);
    expect(result.details).toMatchObject({
      errorCount: 3,
      errors: sick.map((id) => ({ row: `session ${String(id)}`, error: 'poisoned' })),
    });
    expect(result.message).toMatch(/Errors: 3\.$/);
    const left = `select id from arcade.game_session where status = 'active' order by id`;
    expect(await valuesOf(db, left)).toEqual(sick);
    await db.query('drop trigger poisoned on arcade.game_session');
    expect((await cleanUp(db)).result.details).toMatchObject({ expiredSessions: 3, errorCount: 0 });
  });

  it('reports a poisoned entry by its name, among orphans and among old ones', async () => {
    const db = await fresh({ packs: [arcade] });
    for (let by = 1; by <= 6; by += 1) await play(db, '2025-10-01T12:00:00Z', { by });
    await runJob(db, 'arcade.finalize-prize-pools', '2026-01-28T00:00:00Z');
    await db.query(
      `update arcade.leaderboard_entry set session_id = 'gone' where period = 'alltime' and player_address <= '${player(3)}'`,
    );
    await poison(
      db,
      'leaderboard_entry',
      `old.player_address = '${player(2)}' and old.period in ('daily', 'alltime')`,
    );
    const { result } = await cleanUp(db);
    expect(result.details).toMatchObject({
      orphanedEntries: 2,
      archivedEntries: 11,
      errors: [
        { row: `entry snake alltime 1970-01-01 ${player(2)}`, error: 'poisoned' },
        { row: `entry snake daily 2025-10-01 ${player(2)}`, error: 'poisoned' },
      ],
      errorCount: 2,
    });
  });

  it('works through more rows than one set holds, as its rehearsal says, and then has nothing to do', async () => {
    const db = await fresh({ packs: [arcade] });
    await fillSample(db, { games: 14_000 });
    // All of them abandoned or gone, so that each of its tasks goes over its pages.
    await db.query(
      `update arcade.game_session set status = 'active', score = null, completed_at = null where status = 'completed'`,
    );
    await db.query(
      `update arcade.leaderboard_entry set session_id = 'gone' where period = 'weekly'`,
    );
    await db.query(`update arcade.prize_pool set status = 'finalized', finalized_at = '2026-06-01',
      winner_address = '${player(1)}' where period_date < '2026-01-01'`);
    const before = await fingerprint(db);
    const humdrum = await createHumdrum({ database: db, packs: [arcade] });
    const at = new Date('2026-07-01T03:00:00Z');
    const plan = await humdrum.rehearse('arcade.clean-up', {}, at);
    expect(plan.error).toBeNull();
    expect(await fingerprint(db)).toEqual(before);
    const { result, plan: real } = await cleanUp(db, at);
    expect(real?.hash).toBe(plan.hash);
    expect(result.details).toMatchObject({
      expiredSessions: 13_965,
      deletedSessions: 35,
      errorCount: 0,
    });
    expect(result.details.orphanedEntries).toBeGreaterThan(10_000);
    expect(result.details.archivedEntries).toBeGreaterThan(10_000);
    const after = await fingerprint(db);
    expect(await valuesOf(db, 'select count(*)::int from arcade.payment')).toEqual([13_965]);
    expect(await valuesOf(db, 'select count(*)::int from arcade.leaderboard_archive')).toEqual([
      result.details.archivedEntries,
    ]);
    const again = await cleanUp(db, at);
    expect(again.result.affected).toBe(0);
    expect(again.plan?.tables).toEqual([]);
    expect(await fingerprint(db)).toEqual(after);
  });
});
