import { nextPeriodOf, periodNameOf } from './calendar.ts';

/** The rules once more, slowly and in memory: every score is kept, every question is a walk over all of them. */

export interface Score {
  session: string;
  game: string;
  player: string;
  score: number;
  at: Date;
}

interface OraclePool {
  game: string;
  period: string;
  date: string;
  total: number;
  games: number;
  status: string;
  winner: string | null;
  rolledIn: number;
  rolledOut: number;
}

export class Oracle {
  readonly pools: OraclePool[] = [];
  readonly scores: (Score & { period: string; date: string })[] = [];

  pay(game: string, fee: number, at: Date): void {
    const share = Number((BigInt(fee) * 7n) / 10n);
    const half = Number(BigInt(share) / 2n);
    for (const [period, amount] of [
      ['daily', half],
      ['weekly', share - half],
    ] as const) {
      const pool = this.#open(
        game,
        period,
        this.#firstOpen(game, period, periodNameOf(period, at)),
      );
      pool.total += amount;
      pool.games += 1;
    }
  }

  finish(score: Score): void {
    for (const period of ['daily', 'weekly', 'alltime']) {
      const date = this.#firstOpen(score.game, period, periodNameOf(period, score.at));
      this.scores.push({ ...score, period, date });
    }
  }

  /** The best of each player, the best of them first. */
  board(game: string, period: string, date: string): Score[] {
    const all = this.scores
      .filter((each) => each.game === game && each.period === period && each.date === date)
      .toSorted(
        (a, b) =>
          b.score - a.score ||
          a.at.getTime() - b.at.getTime() ||
          Buffer.compare(Buffer.from(a.session), Buffer.from(b.session)),
      );
    return all.filter(
      ({ player }, place) => all.findIndex((other) => other.player === player) === place,
    );
  }

  /** One pool at a time, always the earliest that has ended, until there is none. */
  finalize(now: Date): void {
    const today = now.toISOString().slice(0, 10);
    for (;;) {
      const [pool] = this.pools
        .filter(
          ({ status, period, date }) => status === 'active' && nextPeriodOf(period, date) <= today,
        )
        .toSorted((a, b) => Date.parse(a.date) - Date.parse(b.date));
      if (!pool) return;
      const [winner] = this.board(pool.game, pool.period, pool.date);
      pool.status = 'finalized';
      if (winner) {
        pool.winner = winner.player;
        continue;
      }
      pool.rolledOut = pool.total;
      pool.total = 0;
      if (pool.rolledOut === 0) continue;
      const into = this.#firstOpen(pool.game, pool.period, nextPeriodOf(pool.period, pool.date));
      const next = this.#open(pool.game, pool.period, into);
      next.total += pool.rolledOut;
      next.rolledIn += pool.rolledOut;
    }
  }

  find(game: string, period: string, date: string): OraclePool | undefined {
    return this.pools.find(
      (pool) => pool.game === game && pool.period === period && pool.date === date,
    );
  }

  #firstOpen(game: string, period: string, date: string): string {
    let open = date;
    while ((this.find(game, period, open)?.status ?? 'active') !== 'active') {
      open = nextPeriodOf(period, open);
    }
    return open;
  }

  #open(game: string, period: string, date: string): OraclePool {
    const pool = this.find(game, period, date) ?? {
      game,
      period,
      date,
      total: 0,
      games: 0,
      status: 'active',
      winner: null,
      rolledIn: 0,
      rolledOut: 0,
    };
    if (!this.pools.includes(pool)) this.pools.push(pool);
    return pool;
  }
}
