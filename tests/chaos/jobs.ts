import { defineJob, PermanentError, type Context, type JobType } from 'humdrum';
import { z } from 'zod';

/** What the handlers have from their process. */
export interface HandlerWorld {
  /** Writes to the witness on a connection that no transaction of a job has anything to do with. */
  witness(jobId: number, attempt: number, what: 'start' | 'end'): Promise<void>;
  /** Joins the handler's transaction. */
  enqueueChild(parentId: number): Promise<void>;
}

const input = z.object({
  /** Unique to the job, so that an enqueue whose answer was lost can be looked for. */
  token: z.string().default(''),
  /** Of the jobs that were enqueued together. */
  batch: z.number().default(-1),
  workMs: z.number().default(0),
  failures: z.number().default(0),
  parent: z.number().optional(),
});
export type ChaosInput = z.infer<typeof input>;

export const ATOMIC_TYPES = [
  'plain',
  'flaky',
  'doomed',
  'hangs',
  'slow',
  'emits',
  'parent',
  'child',
  'tick',
];

/** How many jobs of a hundred are of each kind. Children and ticks come by themselves. */
export const MIX: readonly (readonly [type: string, weight: number])[] = [
  ['plain', 36],
  ['steps', 16],
  ['flaky', 14],
  ['doomed', 4],
  ['hangs', 4],
  ['slow', 6],
  ['emits', 12],
  ['parent', 8],
];

type Handler = (ctx: Context, input: ChaosInput, world: HandlerWorld) => Promise<void>;

const HANDLERS: Record<string, Handler> = {
  plain: write,
  slow: write,
  child: write,
  tick: write,
  steps: (ctx, { workMs }) => work(ctx, workMs),
  async flaky(ctx, given) {
    await write(ctx, given);
    if (ctx.job.attempt <= given.failures) throw new Error('not yet');
  },
  async doomed(ctx, given) {
    await write(ctx, given);
    throw given.failures > 0 ? new PermanentError('never') : new Error('never');
  },
  /** Does not heed its signal, and writes once more when its time is over. */
  async hangs(ctx, given) {
    await write(ctx, given);
    if (ctx.job.attempt > 1) return;
    await new Promise((resolve) => setTimeout(resolve, 2 * TIMEOUT_MS));
    await write(ctx, given);
  },
  async emits(ctx, given) {
    ctx.emit('chaos.first', { attempt: ctx.job.attempt });
    await write(ctx, given);
    ctx.emit('chaos.second', {});
  },
  async parent(ctx, given, world) {
    await write(ctx, given);
    await world.enqueueChild(ctx.job.id ?? 0);
  },
};

const TIMEOUT_MS = 1_000;

async function write(ctx: Context, { workMs }: ChaosInput): Promise<void> {
  await ctx.db.query('insert into public.effect_row (job_id, attempt, pid) values ($1, $2, $3)', [
    ctx.job.id,
    ctx.job.attempt,
    process.pid,
  ]);
  await work(ctx, workMs);
}

function work(ctx: Context, workMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, workMs);
    ctx.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(ctx.signal.reason as Error);
    });
  });
}

/** The types by their short names. The driver only enqueues them, and gives no world. */
export function jobTypes(world: HandlerWorld | null): Record<string, JobType> {
  return Object.fromEntries(
    Object.entries(HANDLERS).map(([name, handler]) => [name, jobType(name, handler, world)]),
  );
}

function jobType(name: string, handler: Handler, world: HandlerWorld | null): JobType {
  return defineJob({
    type: `chaos.${name}`,
    input,
    atomic: ATOMIC_TYPES.includes(name),
    retry: { attempts: name === 'doomed' ? 3 : 8, backoff: 'fixed', delayMs: 200 },
    ...(name === 'hangs' ? { timeoutMs: TIMEOUT_MS } : {}),
    ...(name === 'tick' ? { schedule: { cron: '* * * * * *', misfire: 'each' as const } } : {}),
    async run(ctx, given) {
      if (!world || ctx.job.id === null) throw new Error('This process runs no jobs.');
      await world.witness(ctx.job.id, ctx.job.attempt, 'start');
      await handler(ctx, given, world);
      await world.witness(ctx.job.id, ctx.job.attempt, 'end');
    },
  });
}
