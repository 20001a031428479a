import { z } from 'zod';
import type { Context } from '../../engine/job/context.ts';

/** Limits the events of one run, which are held in memory until it completes. */
const ROWS_PER_RUN = 20_000;

/** Input of jobs that emit an event per row: the maximum number of rows, and the key to start after. */
export const boundedInput = z
  .object({
    limit: z.int().min(1).max(100_000).default(ROWS_PER_RUN),
    after: z.string().default(''),
  })
  .strict();

export type BoundedInput = z.output<typeof boundedInput>;

/** Runs before all jobs of later ticks. */
const FIRST = -1_000;

/**
 * Enqueues a job for the `left` rows after `after`, with the same logical time. The enqueue commits with this job. Rows that
 * could not be changed are before `after`, so the next job does not get stuck on them. Returns `left`.
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
