import { expect, it } from 'vitest';
import { seededRandom } from '../../../src/engine/base/random.ts';
import { arcade, finishGame, GAMES, payForGame } from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { hash, player, runJob, valuesOf } from './support.ts';

anyBackend('the money', (fresh) => {
  it('in all pools never exceeds the payments, and is theirs to the last micro-USDC', async () => {
    const db = await fresh({ packs: [arcade] });
    const random = seededRandom('money');
    const whole = (most: number): number => Math.floor(random() * most);
    let expected = 0;
    let fees = 0;
    for (let day = 1; day <= 20; day += 1) {
      const date = `2026-01-${String(day).padStart(2, '0')}`;
      for (let game = 0; game < 12; game += 1) {
        const fee = 1 + whole(random() < 0.5 ? 50 : 3_000_000);
        const which = GAMES[whole(GAMES.length)] ?? 'snake';
        const paid = { game: which, playerAddress: player(whole(6)), amountMicroUsdc: fee };
        const id = `${day}/${game}`;
        const at = new Date(`${date}T${String(whole(24)).padStart(2, '0')}:00:00Z`);
        await payForGame(db, { ...paid, sessionId: id, paymentTx: hash(id), at });
        if (random() < 0.4) await finishGame(db, { sessionId: id, score: whole(30), at });
        fees += fee;
        expected += Math.floor((fee * 70) / 100);
      }
      await runJob(db, 'arcade.finalize-prize-pools', new Date(Date.parse(date) + 86_400_000));
    }
    expect(
      await valuesOf(db, 'select sum(total_micro_usdc)::bigint from arcade.prize_pool'),
    ).toEqual([expected]);
    expect(await valuesOf(db, 'select sum(amount_micro_usdc)::bigint from arcade.payment')).toEqual(
      [fees],
    );
    expect(expected * 10).toBeLessThanOrEqual(fees * 7);
    // Each pool, from the payments that say that they went to it.
    const wrong = await valuesOf(
      db,
      `select count(*)::int from arcade.prize_pool as pool
       left join lateral (
         select coalesce(sum(case pool.period when 'daily' then daily_micro_usdc else weekly_micro_usdc end), 0) as shares,
                count(*) as games, coalesce(sum(amount_micro_usdc), 0) as fees
         from arcade.payment where payment.game_type = pool.game_type
           and case pool.period when 'daily' then daily_pool_date else weekly_pool_date end = pool.period_date
       ) as paid on true
       where pool.total_micro_usdc + rolled_out_micro_usdc - rolled_in_micro_usdc <> paid.shares
          or pool.games <> paid.games or fees_micro_usdc <> paid.fees`,
    );
    expect(wrong).toEqual([0]);
    const rolled = await valuesOf(
      db,
      `select sum(rolled_in_micro_usdc) = sum(rolled_out_micro_usdc) and sum(rolled_in_micro_usdc) > 0 from arcade.prize_pool`,
    );
    expect(rolled).toEqual([true]);
  });
});
