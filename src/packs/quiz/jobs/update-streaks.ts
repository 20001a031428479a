import type { Transaction } from '../../../database/database.ts';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import { STREAKS_IN_ORDER } from '../limits.ts';
import {
  countLateStreaks,
  decideStreaks,
  playersWithLateStreaks,
  type Stretch,
} from '../queries.ts';
import { boundedInput, goOn, type BoundedInput } from '../rest.ts';
import { dayOf } from '../rules.ts';
import { leftOut, many, walk, type RowError } from '../walk.ts';

export interface UpdateStreaksResult {
  message: string;
  /** Players whose streak was kept or broken. */
  affected: number;
  details: {
    protected: number;
    broken: number;
    /** Players after the last one processed. Another job has been enqueued for them. */
    left: number;
    errors: RowError[];
    errorCount: number;
  };
}

export const updateStreaks = defineJob({
  type: 'quiz.update-streaks',
  description:
    'Uses a protection of each player without a quiz for 48 hours, or breaks the streak.',
  input: boundedInput,
  // Each missed day costs a protection, so every missed tick must run, in order, together with its continuation jobs.
  schedule: { cron: '0 0 * * *', misfire: 'each', misfireLimit: 10 },
  limits: [STREAKS_IN_ORDER],
  health: { everyMs: 25 * 3_600_000, expectMs: 5 * 60_000 },
  timeoutMs: 15 * 60_000,
  run: update,
});

async function update(ctx: Context, { after, limit }: BoundedInput): Promise<UpdateStreaksResult> {
  const at = { now: ctx.now, day: dayOf(ctx.now) };
  const total = { protected: 0, broken: 0 };
  ctx.log('Looking for streaks without a quiz for 48 hours', { now: ctx.now.toISOString() });
  const { affected, errors, errorCount, stoppedAt } = await walk(ctx, {
    after,
    limit,
    page: (page) => playersWithLateStreaks(ctx.db, at, page),
    change: (db, stretch) => decide(ctx, db, at, stretch, total),
  });
  const left = await goOn(ctx, { limit }, stoppedAt, await countLateStreaks(ctx.db, at, stoppedAt));
  const message =
    `Broke ${many(total.broken, 'streak')}, protected ${total.protected.toLocaleString('en-US')}.` +
    leftOut(errorCount, 'player') +
    (left > 0 ? ` Another job continues with ${many(left, 'player')}.` : '');
  ctx.log(message);
  return { message, affected, details: { ...total, left, errors, errorCount } };
}

async function decide(
  ctx: Context,
  db: Transaction,
  at: { now: Date; day: Date },
  stretch: Stretch,
  total: { protected: number; broken: number },
): Promise<number> {
  const decided = await decideStreaks(db, at, stretch);
  const broken = decided.filter(({ isProtected }) => !isProtected);
  for (const { userId, previousStreak } of broken) {
    ctx.emit('quiz.streak-broken', { userId, previousStreak });
  }
  total.broken += broken.length;
  total.protected += decided.length - broken.length;
  return decided.length;
}
