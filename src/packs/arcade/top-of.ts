import { z } from 'zod';
import type { Queryable } from '../../database/database.ts';
import { checked, date, game, instant, period, whole } from './input.ts';
import { rankedEntries, type RankedEntry } from './queries.ts';
import { dateOf, periodDateOf } from './rules.ts';

const board = z.strictObject({
  game,
  period,
  /** An instant or date in the period. Ignored for all-time boards. */
  date: z.union([instant, date], {
    error: 'must be a Date, or a date such as 2026-01-25',
  }),
  /** Default 10. */
  limit: whole(1, 1_000).default(10),
});

export type BoardInput = z.input<typeof board>;

/**
 * The best entries of a leaderboard: by highest score, then the earliest, then by session id. Does not include archived boards.
 * Errors: `input-invalid`.
 */
export async function topOf(db: Queryable, input: BoardInput): Promise<RankedEntry[]> {
  const { date: instantOrDate, ...of } = checked('topOf', board, input);
  const day = typeof instantOrDate === 'string' ? instantOrDate : dateOf(instantOrDate);
  return rankedEntries(db, of.game, of.period, periodDateOf(of.period, day), of.limit);
}
