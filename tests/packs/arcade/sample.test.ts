import { expect, it } from 'vitest';
import { arcade, fillSample } from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { fingerprint, MONDAY, play, runJob, valuesOf } from './support.ts';

// Of 1,000 games: a change of what is made is seen here, and so is a machine that makes something else.
const FINGERPRINT =
  '1000 e265813c7b1d8fe88b7699cab81eacf3, 997 3e627f1ba916c67e98aa5cf3f1c3289a, 572 39d99de876fca90b904c0759045ba35c, 2098 50cb09d7b75410c1ebccdb439b939bbb, 0 ';

anyBackend('the sample data of the arcade', (fresh) => {
  it('fills an empty pack once, and leaves one alone in which somebody has played', async () => {
    const db = await fresh({ packs: [arcade] });
    expect(await arcade.loadSample(db)).toBe('2,000 games by 100 players in 120 days');
    const before = await fingerprint(db);
    expect(await arcade.loadSample(db)).toBeNull();
    await expect(fillSample(db, { games: 1_000 })).rejects.toMatchObject({
      code: 'action-refused',
    });
    expect(await fingerprint(db)).toBe(before);
  });

  it('is the same on every machine, and has all that the jobs have to deal with', async () => {
    const db = await fresh({ packs: [arcade] });
    await fillSample(db, { games: 1_000 });
    expect(await fingerprint(db)).toBe(FINGERPRINT);
    const count = (what: string): Promise<unknown[]> =>
      valuesOf(db, `select count(*)::int ${what}`);
    expect(await count('from arcade.game_session')).toEqual([1_000]);
    expect(await count('from arcade.payment')).toEqual([997]);
    expect(await count(`from arcade.game_session where status = 'active'`)).toEqual([23]);
    expect(await count(`from arcade.leaderboard_entry where session_id like 'gone-%'`)).toEqual([
      1,
    ]);
    const days = await valuesOf(
      db,
      `select min(period_date)::text || ' ' || max(period_date) from arcade.prize_pool where period = 'daily'`,
    );
    expect(days).toEqual(['2025-09-28 2026-01-25']);
  });

  it('is finalized and cleaned up without an error', async () => {
    const db = await fresh({ packs: [arcade] });
    await fillSample(db, { games: 150 });
    const { result } = await runJob(db, 'arcade.finalize-prize-pools', MONDAY);
    expect(result.details).toMatchObject({ errorCount: 0 });
    const active = await valuesOf(
      db,
      `select count(*)::int from arcade.prize_pool where status = 'active' and period_date < '2026-01-26'`,
    );
    expect(active).toEqual([0]);
    const cleaned = await runJob(db, 'arcade.clean-up', '2026-01-26T03:00:00Z');
    expect(cleaned.result.details).toMatchObject({ orphanedEntries: 1, errorCount: 0 });
    expect(cleaned.result.details.archivedEntries).toBeGreaterThan(50);
  });

  it.each([0, 1_000_001, 1.5, '1000'])('refuses to make %s games', async (games) => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:00Z');
    await expect(fillSample(db, { games: games as number })).rejects.toMatchObject({
      code: 'input-invalid',
    });
  });
});
