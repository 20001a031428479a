import type { Transaction } from '../../database/database.ts';
import type { Context } from '../../engine/job/context.ts';
import { EVERYBODY, playersWithin, stretchesOfPlayers, type Players } from './board-queries.ts';
import type { LeaderboardType } from './rules.ts';
import type { RowError } from './walk.ts';

/** Changes and errors of the rows of a board. */
export interface Rows {
  changed: number;
  /** Rows that failed and were left unchanged: the first 100 of `errorCount`. */
  errors: RowError[];
  errorCount: number;
}

type Write = (tx: Transaction, players: Players) => Promise<Rows>;
type Stretch = Players & { first: string; last: string };

const PLAYERS_PER_STRETCH = 1_000;
const MOST_ERRORS = 100;

/**
 * Writes the rows of all players in one statement. If the database refuses a row, writes the others in ranges that are halved
 * until the bad row is isolated. That is not the default, because each statement reads the whole board.
 */
export async function writeForEverybody(
  ctx: Context,
  type: LeaderboardType,
  write: Write,
): Promise<Rows> {
  try {
    return await ctx.db.transaction((tx) => write(tx, EVERYBODY));
  } catch (error) {
    ctx.log(`Cannot write the ${type} board at once; writing it in parts`, {
      error: String(error),
    });
  }
  const total: Rows = { changed: 0, errors: [], errorCount: 0 };
  const stretches = await stretchesOfPlayers(ctx.db, type, PLAYERS_PER_STRETCH);
  for (const stretch of await refused(ctx, stretches, write, total)) {
    const ids = await playersWithin(ctx.db, type, stretch.item);
    const players = ids.map((id) => ({ first: id, last: id }));
    for (const { item, error } of await refused(ctx, players, write, total)) {
      total.errors.push({ id: item.first, error });
      total.errorCount += 1;
    }
  }
  return { ...total, errors: total.errors.slice(0, MOST_ERRORS) };
}

/** Writes what it can, adds it to `total`, and returns the parts that failed. */
async function refused(
  ctx: Context,
  parts: readonly Stretch[],
  write: Write,
  total: Rows,
): Promise<{ item: Stretch; error: string }[]> {
  const { failed } = await ctx.forEachSet(parts, Math.max(1, parts.length), async (set, tx) => {
    const [first = null, last = null] = [set[0]?.first, set.at(-1)?.last];
    const { changed, errors, errorCount } = await write(tx, { first, last });
    total.changed += changed;
    total.errors.push(...errors);
    total.errorCount += errorCount;
  });
  return failed;
}

/** Errors for players whose points exceed the exact numbers. */
export function unfitRows(unfit: readonly string[], unfitCount: number): Omit<Rows, 'changed'> {
  const error = 'The points of this player exceed the largest exact number.';
  return { errors: unfit.map((id) => ({ id, error })), errorCount: unfitCount };
}
