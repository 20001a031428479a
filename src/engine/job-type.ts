import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HumdrumError } from '../errors.ts';
import type { Context } from './context.ts';

/** How a failed attempt is tried again. Times in milliseconds; every wait is drawn between 0 and its bound (full jitter). */
export interface RetryPolicy {
  /** Attempts in all, the first one included. Default 5. */
  attempts: number;
  backoff: 'exponential' | 'linear' | 'fixed';
  /** The first bound. Default 1,000. */
  delayMs: number;
  /** No bound grows past this. Default one hour. */
  maxDelayMs: number;
}

/** A cron rule. `misfire` says what becomes of ticks that nobody was there to see. */
export interface ScheduleRule {
  cron: string;
  /** IANA name. Default UTC. */
  timeZone?: string;
  /** `skip` none, `once` the latest (default), `each` all of them, oldest first, at most `misfireLimit`. */
  misfire?: 'skip' | 'once' | 'each';
  /** Default 10. */
  misfireLimit?: number;
}

export interface JobDefinition<Input, Result> {
  /** `pack.verb-noun`: lower case, dots between parts. */
  type: string;
  /** One sentence for people. */
  description?: string;
  /** Any Standard Schema. Checked when the job is enqueued and again when it runs. */
  input: StandardSchemaV1<unknown, Input>;
  queue?: string;
  /** Lower runs first. Default 0, from -1000 to 1000. */
  priority?: number;
  /** True (default): `ctx.db` is one transaction that commits together with the job's completion. */
  atomic?: boolean;
  schedule?: ScheduleRule;
  retry?: Partial<RetryPolicy>;
  /** The attempt fails as `Timeout` after this long. Default: no limit. */
  timeoutMs?: number;
  run(ctx: Context, input: Input): Promise<Result> | Result;
}

/** A checked definition with every default filled in. The engine handles all types alike, so input and result are plain JSON here. */
export interface JobType<Input = unknown> {
  readonly type: string;
  readonly description: string;
  readonly queue: string;
  readonly priority: number;
  readonly atomic: boolean;
  readonly schedule: Required<ScheduleRule> | null;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | null;
  /** Throws `input-invalid` with each path and reason. */
  parse(input: unknown): Promise<Input>;
  run(ctx: Context, input: unknown): unknown;
}

const TYPE_NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/;

export function defineJob<Input, Result>(definition: JobDefinition<Input, Result>): JobType<Input> {
  const { type, schedule } = definition;
  checkDefinition(definition);
  return {
    type,
    description: definition.description ?? '',
    queue: definition.queue ?? 'default',
    priority: definition.priority ?? 0,
    atomic: definition.atomic ?? true,
    schedule: schedule ? { timeZone: 'UTC', misfire: 'once', misfireLimit: 10, ...schedule } : null,
    retry: {
      attempts: 5,
      backoff: 'exponential',
      delayMs: 1_000,
      maxDelayMs: 3_600_000,
      ...definition.retry,
    },
    timeoutMs: definition.timeoutMs ?? null,
    parse: (input) => parseInput(definition, input),
    run: (ctx, input) => runChecked(definition, ctx, input),
  };
}

function checkDefinition<Input, Result>(definition: JobDefinition<Input, Result>): void {
  const { type, priority = 0, retry = {}, timeoutMs } = definition;
  if (!TYPE_NAME.test(type) || type.length > 100) {
    throw new HumdrumError(
      'type-invalid',
      `"${type}" is no name for a job type. Use lower-case words with hyphens, joined by dots, at most 100 characters: quiz.regenerate-lives`,
    );
  }
  const whole = (value: number | undefined, from: number, to: number) =>
    value === undefined || (Number.isInteger(value) && value >= from && value <= to);
  const wrong = [
    whole(priority, -1_000, 1_000) || 'priority is a whole number from -1000 to 1000',
    whole(retry.attempts, 1, 1_000) || 'retry.attempts is a whole number from 1 to 1000',
    whole(retry.delayMs, 0, 86_400_000) || 'retry.delayMs is from 0 to 86,400,000 (a day)',
    whole(retry.maxDelayMs, 0, 2_592_000_000) ||
      'retry.maxDelayMs is from 0 to 2,592,000,000 (30 days)',
    whole(timeoutMs, 1, 86_400_000) || 'timeoutMs is from 1 to 86,400,000 (a day)',
  ].filter((said) => said !== true);
  if (wrong.length > 0) {
    throw new HumdrumError('type-invalid', `Job type "${type}": ${wrong.join('; ')}`);
  }
}

async function parseInput<Input, Result>(
  definition: JobDefinition<Input, Result>,
  input: unknown,
): Promise<Input> {
  return acceptedBy(definition, await definition.input['~standard'].validate(input));
}

/** Most schemas answer at once, and one promise more for each job is felt. */
function runChecked<Input, Result>(
  definition: JobDefinition<Input, Result>,
  ctx: Context,
  input: unknown,
): Result | Promise<Result> {
  const parsed = definition.input['~standard'].validate(input);
  if (parsed instanceof Promise) {
    return parsed.then((later) => definition.run(ctx, acceptedBy(definition, later)));
  }
  return definition.run(ctx, acceptedBy(definition, parsed));
}

function acceptedBy<Input, Result>(
  definition: JobDefinition<Input, Result>,
  parsed: StandardSchemaV1.Result<Input>,
): Input {
  if (!parsed.issues) return parsed.value;
  const issues = parsed.issues.slice(0, 10).map((issue) => {
    const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
    return `${path.length > 0 ? path.map(String).join('.') : '(input)'}: ${issue.message}`;
  });
  throw new HumdrumError(
    'input-invalid',
    `The input of ${definition.type} does not fit its schema. ${issues.join('; ')}`,
  );
}
