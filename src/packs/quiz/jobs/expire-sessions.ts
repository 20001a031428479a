import type { Transaction } from '../../../database/database.ts';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import {
  countSessionsToExpire,
  expireSessions as expire,
  sessionsToExpire,
  type Stretch,
} from '../queries.ts';
import { boundedInput, goOn, type BoundedInput } from '../rest.ts';
import { leftOut, many, walk, type RowError } from '../walk.ts';

export interface ExpireSessionsResult {
  message: string;
  /** Sessions expired. */
  affected: number;
  details: {
    /** Sessions after the last one processed. Another job has been enqueued for them. */
    left: number;
    errors: RowError[];
    errorCount: number;
  };
}

export const expireSessions = defineJob({
  type: 'quiz.expire-sessions',
  description: 'Ends the sessions whose ten minutes have passed.',
  input: boundedInput,
  schedule: { cron: '0 * * * *' },
  health: { everyMs: 65 * 60_000, expectMs: 5 * 60_000 },
  timeoutMs: 15 * 60_000,
  run: expireOverdue,
});

async function expireOverdue(
  ctx: Context,
  { after, limit }: BoundedInput,
): Promise<ExpireSessionsResult> {
  ctx.log('Looking for sessions whose time has passed', { now: ctx.now.toISOString() });
  const { affected, errors, errorCount, stoppedAt } = await walk(ctx, {
    after,
    limit,
    page: (page) => sessionsToExpire(ctx.db, ctx.now, page),
    change: (db, stretch) => expireSet(ctx, db, stretch),
  });
  const behind = await countSessionsToExpire(ctx.db, ctx.now, stoppedAt);
  const left = await goOn(ctx, { limit }, stoppedAt, behind);
  const message =
    `Expired ${many(affected, 'session')}.${leftOut(errorCount, 'session')}` +
    (left > 0 ? ` Another job continues with ${many(left, 'session')}.` : '');
  ctx.log(message);
  return { message, affected, details: { left, errors, errorCount } };
}

async function expireSet(ctx: Context, db: Transaction, stretch: Stretch): Promise<number> {
  const expired = await expire(db, ctx.now, stretch);
  for (const { userId, sessionId } of expired) ctx.emit('quiz.abandoned', { userId, sessionId });
  return expired.length;
}
