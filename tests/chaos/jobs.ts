import {
  defineJob,
  defineSubscriber,
  PermanentError,
  type Context,
  type HumdrumOptions,
  type JobType,
  type LimitUse,
  type Receiver,
} from 'humdrum';
import { z } from 'zod';

/** What the handlers have from their process. */
export interface HandlerWorld {
  /** Writes to the witness on a connection that no transaction of a job has anything to do with. */
  witness(jobId: number, attempt: number, what: 'start' | 'end'): Promise<void>;
  /** What the subscriber is told, by its key. */
  hear(key: string): Promise<void>;
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
  /** Of a limit. */
  key: z.string().default(''),
  /** How long a parent waits for its children at most. */
  withinMs: z.number().optional(),
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
  'limited',
  'rated',
  'turn',
  'unique',
  'spaced',
  'family',
  'member',
];

/** So many failures: for good. */
export const NEVER = 99;

type Handler = (ctx: Context, input: ChaosInput, world: HandlerWorld) => Promise<void>;

const HANDLERS: Record<string, Handler> = {
  plain: write,
  slow: write,
  child: write,
  tick: write,
  steps: (ctx, { workMs }) => work(ctx, workMs),
  flaky: fail,
  limited: write,
  rated: write,
  keyed: (ctx, { workMs }) => work(ctx, workMs),
  turn: fail,
  unique: write,
  spaced: write,
  family: write,
  member: fail,
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

/** `keyed` has two to pass, and is a heavy one where its time of work is odd. */
const LIMITS: Record<string, (input: ChaosInput) => readonly (string | LimitUse)[]> = {
  limited: () => ['shared'],
  rated: ({ workMs }) => [{ name: 'per-second', weight: 1 + (workMs % 2) }],
  keyed: ({ key, workMs }) => [{ name: 'per-key', key, weight: 1 + (workMs % 2) }, 'shared'],
  turn: ({ key }) => [{ name: 'in-order', key }],
};

async function write(ctx: Context, { workMs }: ChaosInput): Promise<void> {
  await ctx.db.query('insert into public.effect_row (job_id, attempt, pid) values ($1, $2, $3)', [
    ctx.job.id,
    ctx.job.attempt,
    process.pid,
  ]);
  await work(ctx, workMs);
}

async function fail(ctx: Context, given: ChaosInput): Promise<void> {
  await write(ctx, given);
  if (given.failures >= NEVER) throw new PermanentError('never');
  if (ctx.job.attempt <= given.failures) throw new Error('not yet');
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

/** What every process of the suite has in common. The driver only enqueues, and gives no world. */
export function chaosProgram(
  world: HandlerWorld | null,
): Required<Pick<HumdrumOptions, 'jobs' | 'receivers' | 'limits'>> {
  return {
    jobs: Object.entries(HANDLERS).map(([name, handler]) => jobType(name, handler, world)),
    receivers: [subscriber(world)],
    limits: {
      shared: { concurrency: 3 },
      'per-key': { concurrency: 2 },
      'per-second': { rate: { tokens: 8, perMs: 1_000 } },
      'in-order': { ordered: true },
    },
  };
}

function subscriber(world: HandlerWorld | null): Receiver {
  return defineSubscriber({
    name: 'chaos',
    events: ['chaos.*'],
    retry: { backoff: 'fixed', delayMs: 200 },
    async run({ key, name, job, attempt }) {
      if (!world) throw new Error('This process runs no jobs.');
      await world.hear(key);
      const fails = name === 'chaos.second' && attempt === 1 && job.id % 5 === 0;
      if (fails) throw new Error('heard, but not taken');
    },
  });
}

function jobType(name: string, handler: Handler, world: HandlerWorld | null): JobType {
  return defineJob({
    type: `chaos.${name}`,
    input,
    atomic: ATOMIC_TYPES.includes(name),
    retry: { attempts: name === 'doomed' ? 3 : 8, backoff: 'fixed', delayMs: 200 },
    limits: LIMITS[name] ?? [],
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
