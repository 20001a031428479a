import { z } from 'zod';
import type { Queryable } from '../../database/database.ts';
import { checked, date, game, instant, period, whole } from './input.ts';
import { rankedEntries, type RankedEntry } from './queries.ts';
import { dateOf, periodDateOf } from './rules.ts';

const board = z.strictObject({
  game,
  period,
  /** Any instant of the period, or a date in it. Of all time it makes no difference. */
  date: z.union([instant, date], {
    error: 'it is a Date, or a date like 2026-01-25',
  }),
  /** Default 10. */
  limit: whole(1, 1_000).default(10),
});

export type BoardInput = z.input<typeof board>;

/**
 * The best entries of a leaderboard, ranked: the score, of equal ones the earliest, then the first session id. Boards
 * that are archived are not in it. Errors: `input-invalid`.
 */
export async function topOf(db: Queryable, input: BoardInput): Promise<RankedEntry[]> {
  const { date: given, ...of } = checked('topOf', board, input);
  const day = typeof given === 'string' ? given : dateOf(given);
  return rankedEntries(db, of.game, of.period, periodDateOf(of.period, day), of.limit);
}
