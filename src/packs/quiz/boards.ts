import type { Context } from '../../engine/job/context.ts';
import { lockBoard, updateBoard, writeRanking } from './board-queries.ts';
import { writePages } from './page-queries.ts';
import { unfitRows, writeForEverybody, type Rows } from './parts.ts';
import { periodOf, type LeaderboardType } from './rules.ts';

export interface BoardResult extends Rows {
  /** Version of the rows. Unchanged if no row changed. */
  version: number;
  players: number;
  /** True if a later tick had already calculated the board, so that this run changed nothing. */
  superseded: boolean;
}

/**
 * Calculates the board as of `ctx.now`, for the period of that time. The tick decides, not the order of the runs: an older tick
 * leaves the result of a later one alone, and repeating a tick changes nothing.
 */
export async function makeBoard(ctx: Context, type: LeaderboardType): Promise<BoardResult> {
  const { now } = ctx;
  const before = await lockBoard(ctx.db, type);
  const { version, asOf } = before;
  if (asOf && asOf > now) {
    return {
      version,
      players: before.players,
      changed: 0,
      superseded: true,
      errors: [],
      errorCount: 0,
    };
  }
  const period = type === 'global' ? null : { ...periodOf(type, now), end: now };
  const rows = await writeForEverybody(ctx, type, async (tx, players) => {
    const { added, moved, removed, unfit, unfitCount } = await writeRanking(
      tx,
      type,
      period,
      players,
    );
    return { changed: added + moved + removed, ...unfitRows(unfit, unfitCount) };
  });
  await writePages(ctx.db, type);
  const periodStart = period?.start ?? null;
  const isNew =
    version === 0 || rows.changed > 0 || periodStart?.getTime() !== before.periodStart?.getTime();
  const changedAt = isNew ? now : before.changedAt;
  const made = { version: isNew ? version + 1 : version, changedAt, asOf: now, periodStart };
  const isAsBefore = !isNew && asOf?.getTime() === now.getTime();
  return {
    version: made.version,
    players: isAsBefore ? before.players : await updateBoard(ctx.db, type, made),
    superseded: false,
    ...rows,
  };
}
