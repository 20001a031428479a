import type { Context } from '../../engine/context.ts';
import {
  EVERYBODY,
  lockBoard,
  playersWithin,
  stretchesOfPlayers,
  updateBoard,
  writeRanking,
  type Players,
  type Written,
} from './board-queries.ts';
import { periodOf, type LeaderboardType, type Period } from './rules.ts';
import type { RowError } from './walk.ts';

export interface BoardResult {
  /** Of the rows. It stays where none has changed. */
  version: number;
  players: number;
  /** Rows added, moved and removed. */
  changed: number;
  /** A later tick has made it already, so this one has left it alone. */
  superseded: boolean;
  errors: RowError[];
  errorCount: number;
}

const PLAYERS_PER_STRETCH = 1_000;
const MOST_ERRORS = 100;

/**
 * Makes the board as of `ctx.now`, for the period that this is in. What decides is the tick and not the order of runs: an
 * older one leaves alone what a later one has made, and the same one again finds nothing to change.
 */
export async function makeBoard(ctx: Context, type: LeaderboardType): Promise<BoardResult> {
  const { now } = ctx;
  const before = await lockBoard(ctx.db, type);
  const { version, players, asOf } = before;
  if (asOf && asOf > now) {
    return { version, players, changed: 0, superseded: true, errors: [], errorCount: 0 };
  }
  const period = type === 'global' ? null : { ...periodOf(type, now), end: now };
  const { changed, errors, errorCount } = await writeRows(ctx, type, period);
  const periodStart = period?.start ?? null;
  const isNew =
    version === 0 || changed > 0 || periodStart?.getTime() !== before.periodStart?.getTime();
  const changedAt = isNew ? now : before.changedAt;
  const made = { version: isNew ? version + 1 : version, changedAt, asOf: now, periodStart };
  const isAsBefore = !isNew && asOf?.getTime() === now.getTime();
  return {
    version: made.version,
    players: isAsBefore ? players : await updateBoard(ctx.db, type, made),
    changed,
    superseded: false,
    errors: errors.slice(0, MOST_ERRORS),
    errorCount,
  };
}

interface Rows {
  changed: number;
  errors: RowError[];
  errorCount: number;
}

/** In one statement. Where the database refuses a row, everybody else's are written without it. */
async function writeRows(
  ctx: Context,
  type: LeaderboardType,
  period: Period | null,
): Promise<Rows> {
  const write = (players: Players): Promise<Rows> =>
    ctx.db.transaction(async (tx) => rowsOf(await writeRanking(tx, type, period, players)));
  try {
    return await write(EVERYBODY);
  } catch (error) {
    ctx.log(`The board ${type} cannot be written at once, so it is written in parts`, {
      error: String(error),
    });
  }
  const total: Rows = { changed: 0, errors: [], errorCount: 0 };
  const stretches = await stretchesOfPlayers(ctx.db, type, PLAYERS_PER_STRETCH);
  const report = await inParts(ctx, stretches, write, total);
  for (const { item } of report.failed) {
    const ids = await playersWithin(ctx.db, type, item);
    const players = ids.map((id) => ({ first: id, last: id }));
    const { failed } = await inParts(ctx, players, write, total);
    total.errors.push(...failed.map((one) => ({ id: one.item.first, error: one.error })));
    total.errorCount += failed.length;
  }
  return total;
}

type Stretch = Players & { first: string; last: string };

async function inParts(
  ctx: Context,
  parts: readonly Stretch[],
  write: (players: Players) => Promise<Rows>,
  total: Rows,
) {
  return ctx.forEachSet(parts, Math.max(1, parts.length), async (set) => {
    const [first = null, last = null] = [set[0]?.first, set.at(-1)?.last];
    const { changed, errors, errorCount } = await write({ first, last });
    total.changed += changed;
    total.errors.push(...errors);
    total.errorCount += errorCount;
  });
}

function rowsOf({ added, moved, removed, unfit, unfitCount }: Written): Rows {
  const error = 'The points of this player come to more than can be kept exactly.';
  const errors = unfit.map((id) => ({ id, error }));
  return { changed: added + moved + removed, errors, errorCount: unfitCount };
}
