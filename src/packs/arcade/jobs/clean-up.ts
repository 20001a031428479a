import { z } from 'zod';
import type { Transaction } from '../../../database/database.ts';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import type { JobType } from '../../../engine/job/job-type.ts';
import {
  abandonedSessions,
  archiveEntries,
  deleteOrphans,
  endSessions,
  oldEntries,
  orphanedEntries,
} from '../clean-up-queries.ts';
import { type EntryKey, POOL_PERIODS } from '../game.ts';
import type { Settings } from '../options.ts';
import { archivedBefore, dateOf } from '../rules.ts';

const ROWS_PER_SET = 10_000;
const MOST_ERRORS = 100;
const MINUTE_MS = 60_000;

export function cleanUp(settings: Settings): JobType {
  return defineJob({
    type: 'arcade.clean-up',
    aliases: ['cleanup'],
    description:
      'Ends abandoned sessions, deletes orphaned leaderboard entries, and archives old ones.',
    input: z.strictObject({}),
    ...(settings.enableCleanupJob && {
      schedule: { cron: '0 3 * * *', timeZone: settings.timezone },
      // A day has 25 hours when daylight saving time ends.
      health: { everyMs: 26 * 3_600_000 },
    }),
    run: (ctx) => clean(ctx, settings),
  });
}

export interface CleanUpResult {
  message: string;
  /** Rows changed, deleted or moved. */
  affected: number;
  details: Tally & {
    /** Rows that failed and were left unchanged: the first 100 of `errorCount`. */
    errors: CleanUpError[];
    errorCount: number;
  };
}

interface Tally {
  /** Paid sessions marked as expired. */
  expiredSessions: number;
  /** Unpaid sessions deleted. */
  deletedSessions: number;
  orphanedEntries: number;
  archivedEntries: number;
}

/** `row` names a session, or an entry by its game, period and player. */
export interface CleanUpError {
  row: string;
  error: string;
}

async function clean(ctx: Context, settings: Settings): Promise<CleanUpResult> {
  ctx.log('Starting cleanup');
  const tally = { expiredSessions: 0, deletedSessions: 0, orphanedEntries: 0, archivedEntries: 0 };
  const errors = new Errors();
  await expireSessions(ctx, settings.sessionExpiryMinutes, tally, errors);
  await removeOrphans(ctx, tally, errors);
  if (settings.archiveLeaderboards) {
    await archive(ctx, settings.leaderboardArchiveAgeDays, tally, errors);
  } else {
    ctx.log('Leaderboard archiving is off');
  }
  const message =
    `Expired sessions: ${tally.expiredSessions}. Unpaid sessions deleted: ${tally.deletedSessions}. ` +
    `Orphaned entries cleaned: ${tally.orphanedEntries}. Entries archived: ${tally.archivedEntries}. ` +
    `Errors: ${errors.count}.`;
  ctx.log(message);
  const affected = Object.values(tally).reduce((sum, count) => sum + count, 0);
  return {
    message,
    affected,
    details: { ...tally, errors: errors.first, errorCount: errors.count },
  };
}

async function expireSessions(
  ctx: Context,
  minutes: number,
  tally: Tally,
  errors: Errors,
): Promise<void> {
  const startedBefore = new Date(ctx.now.getTime() - minutes * MINUTE_MS);
  await inSets<string>(ctx, errors, {
    next: (after) => abandonedSessions(ctx.db, startedBefore, after ?? '', ROWS_PER_SET),
    nameOf: (id) => `session ${id}`,
    change: async (db, ids) => {
      const { expired, deleted } = await endSessions(db, startedBefore, ids, ctx.now);
      tally.expiredSessions += expired;
      tally.deletedSessions += deleted;
    },
  });
  ctx.log(
    `Expired ${tally.expiredSessions} sessions, deleted ${tally.deletedSessions} unpaid ones`,
  );
}

async function removeOrphans(ctx: Context, tally: Tally, errors: Errors): Promise<void> {
  await inSets<EntryKey>(ctx, errors, {
    next: (after) => orphanedEntries(ctx.db, after, ROWS_PER_SET),
    nameOf: nameOfEntry,
    change: async (db, keys) => {
      tally.orphanedEntries += await deleteOrphans(db, keys);
    },
  });
  ctx.log(`Cleaned ${tally.orphanedEntries} orphaned leaderboard entries`);
}

/** Archives daily and weekly entries. The all-time board never ends, so its entries stay. */
async function archive(ctx: Context, days: number, tally: Tally, errors: Errors): Promise<void> {
  for (const period of POOL_PERIODS) {
    const beganBefore = archivedBefore(period, dateOf(ctx.now), days);
    await inSets<EntryKey>(ctx, errors, {
      next: (after) => oldEntries(ctx.db, period, beganBefore, after, ROWS_PER_SET),
      nameOf: nameOfEntry,
      change: async (db, keys) => {
        tally.archivedEntries += await archiveEntries(db, period, beganBefore, keys, ctx.now);
      },
    });
  }
  ctx.log(`Archived ${tally.archivedEntries} leaderboard entries`);
}

/** Keeps the first errors and counts all of them. */
class Errors {
  readonly first: CleanUpError[] = [];
  count = 0;

  add(row: string, error: string): void {
    this.count += 1;
    if (this.first.length < MOST_ERRORS) this.first.push({ row, error });
  }
}

interface Sets<Key> {
  /** The next page of keys after this one, in order. Null for the first page. */
  next(after: Key | null): Promise<Key[]>;
  nameOf(key: Key): string;
  /** Changes the rows between the first and the last of these keys. */
  change(db: Transaction, keys: Key[]): Promise<void>;
}

/** Processes one page at a time. A set that fails is halved until the bad row is isolated. */
async function inSets<Key>(ctx: Context, errors: Errors, sets: Sets<Key>): Promise<void> {
  let after: Key | null = null;
  for (;;) {
    const page: Key[] = await sets.next(after);
    if (page.length > 0) {
      const { failed } = await ctx.forEachSet(page, ROWS_PER_SET, (keys, db) =>
        sets.change(db, keys),
      );
      for (const { item, error } of failed) errors.add(sets.nameOf(item), error);
    }
    if (page.length < ROWS_PER_SET) return;
    after = page.at(-1) ?? null;
  }
}

function nameOfEntry({ game, period, periodDate, playerAddress }: EntryKey): string {
  return `entry ${game} ${period} ${periodDate} ${playerAddress}`;
}
