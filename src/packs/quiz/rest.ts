import { z } from 'zod';
import type { Context } from '../../engine/job/context.ts';

/** One run leaves at most so many events, which it holds in memory until it completes. */
const ROWS_PER_RUN = 20_000;

/** Of jobs that tell of each row: how many rows they take, and behind which key they begin. */
export const boundedInput = z
  .object({
    limit: z.int().min(1).max(100_000).default(ROWS_PER_RUN),
    after: z.string().default(''),
  })
  .strict();

export type BoundedInput = z.output<typeof boundedInput>;

/** Before all jobs of later ticks. */
const FIRST = -1_000;

/**
 * Enqueues a job for the `left` rows behind `after`, at the same logical time: it commits with this one. It begins behind
 * what was looked at, so that rows which cannot be changed do not hold it up. Answers `left`.
 */
export async function goOn(
  ctx: Context,
  { limit }: Pick<BoundedInput, 'limit'>,
  after: string,
  left: number,
): Promise<number> {
  if (left > 0) {
    const options = { runAt: ctx.now, priority: FIRST };
    await ctx.enqueue(ctx.job.type, { limit, after }, options);
  }
  return left;
}
