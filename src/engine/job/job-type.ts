import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HumdrumError, type Names, refuseUnknown } from '../../errors.ts';
import type { Context } from './context.ts';
import type { LimitUse } from './limit-rule.ts';
import type { Debounce, Unique } from './request.ts';

/** How a failed attempt is tried again. Times in milliseconds; every wait is drawn between 0 and its bound (full jitter). */
export interface RetryPolicy {
  /** Attempts in all, the first one included. Default 5. */
  attempts: number;
  backoff: 'exponential' | 'linear' | 'fixed';
  /** The first bound. Default 1,000. */
  delayMs: number;
  /** No bound grows past this. Default one hour. */
  maxDelayMs: number;
  /** Decides by the error. Without an answer the policy above holds. */
  on?: (error: Error, attempt: number) => RetryDecision | undefined;
}

const RETRY = {
  attempts: true,
  backoff: true,
  delayMs: true,
  maxDelayMs: true,
  on: true,
} satisfies Names<RetryPolicy>;

/** `fail`: no further attempt. `afterMs`: the next one so much later, exactly. */
export type RetryDecision = 'fail' | { afterMs: number };

/** A cron rule. `misfire` says what becomes of ticks that nobody was there to see. */
export interface ScheduleRule {
  cron: string;
  /** IANA name. Default UTC. */
  timeZone?: string;
  /** `skip` none, `once` the latest (default), `each` all of them, oldest first, at most `misfireLimit`. */
  misfire?: 'skip' | 'once' | 'each';
  /** Default 10, at most 1,000. */
  misfireLimit?: number;
  /** Each tick's job is due up to so much later, by a delay that belongs to the tick. Default 0, at most a day. */
  jitterMs?: number;
  /** While the job of an earlier tick is open: `skip` the tick, let its job wait (`queue`), or `allow` both (default). */
  overlap?: 'skip' | 'queue' | 'allow';
}

const SCHEDULE = {
  cron: true,
  timeZone: true,
  misfire: true,
  misfireLimit: true,
  jitterMs: true,
  overlap: true,
} satisfies Names<ScheduleRule>;

/** What is to be expected of a type's jobs. Whoever uses `humdrum/alerts` is told when it is otherwise. */
export interface HealthRule {
  /**
   * One of them succeeds at least this often: 2,100,000 (35 min) for a job of every half hour. From 60,000, to a year.
   * Default: by the schedule, where there is one.
   */
  everyMs?: number;
  /** None runs longer. */
  expectMs?: number;
}

const HEALTH = { everyMs: true, expectMs: true } satisfies Names<HealthRule>;

export interface JobDefinition<Input, Result> {
  /** `pack.verb-noun`: lower case, dots between parts. */
  type: string;
  /** One sentence for people. */
  description?: string;
  /** Any Standard Schema. Checked when the job is enqueued and again when it runs. */
  input: StandardSchemaV1<unknown, Input>;
  /** Of the input. Default 1. Count it up when inputs that are stored already would not fit any more. */
  version?: number;
  /** From an older version to the next one: `{ 1: (input) => inputOfVersion2 }`. Versions without a way up are left to other workers. */
  upcasts?: Readonly<Record<number, (input: unknown) => unknown>>;
  /** Names that it had before: jobs that are stored under them run as this type. */
  aliases?: readonly string[];
  /**
   * Paths of the input's secret fields: `card.number`, `tokens.*`. They are stored sealed, shown to nobody but the handler,
   * and taken out of errors, logs, results, effects and plans. Needs `secretKey` in the options of `createHumdrum`.
   */
  secrets?: readonly string[];
  /**
   * Paths of the input that its jobs can be listed by: `tenant`, `customer.id`. Strings, numbers and booleans, at most 10
   * paths. Jobs are found by them that are enqueued after a process with this definition has started.
   */
  attributes?: readonly string[];
  queue?: string;
  /** Lower runs first; a point is worth a minute of waiting, so nothing starves. Default 0, from -1000 to 1000. */
  priority?: number;
  /** True (default): `ctx.db` is one transaction that commits together with the job's completion. */
  atomic?: boolean;
  schedule?: ScheduleRule;
  retry?: Partial<RetryPolicy>;
  /** The attempt fails as `Timeout` after this long. Default: no limit. */
  timeoutMs?: number;
  /** How long a handler whose signal was aborted may take to end. Default 5,000. */
  graceMs?: number;
  /** Cancelled if it has not started so long after it was enqueued. Default: never. */
  startWithinMs?: number;
  health?: HealthRule;
  /** Limits that each job must pass to start, defined in the options of `createHumdrum`. */
  limits?: readonly (string | LimitUse)[] | ((input: Input) => readonly (string | LimitUse)[]);
  unique?: (input: Input) => Unique | null;
  debounce?: (input: Input) => Debounce | null;
  run(ctx: Context, input: Input): Promise<Result> | Result;
}

const DEFINITION = {
  type: true,
  description: true,
  input: true,
  version: true,
  upcasts: true,
  aliases: true,
  secrets: true,
  attributes: true,
  queue: true,
  priority: true,
  atomic: true,
  schedule: true,
  retry: true,
  timeoutMs: true,
  graceMs: true,
  startWithinMs: true,
  health: true,
  limits: true,
  unique: true,
  debounce: true,
  run: true,
} satisfies Names<JobDefinition<unknown, unknown>>;

/** Errors: `type-invalid`, for options that a definition does not have. */
export function checkDefinitionNames<Input, Result>(
  definition: JobDefinition<Input, Result>,
): void {
  const what = `Job type "${definition.type}"`;
  const { retry, schedule, health } = definition;
  refuseUnknown('type-invalid', what, definition, DEFINITION);
  refuseUnknown('type-invalid', what, retry, RETRY, 'retry.');
  refuseUnknown('type-invalid', what, schedule, SCHEDULE, 'schedule.');
  refuseUnknown('type-invalid', what, health, HEALTH, 'health.');
}

/** A checked definition with every default filled in. The engine handles all types alike, so input and result are plain JSON here. */
export interface JobType<Input = unknown> {
  readonly type: string;
  readonly description: string;
  readonly version: number;
  readonly aliases: readonly string[];
  readonly secrets: readonly string[];
  readonly attributes: readonly string[];
  readonly queue: string;
  readonly priority: number;
  readonly atomic: boolean;
  readonly schedule: Required<ScheduleRule> | null;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number | null;
  readonly graceMs: number;
  readonly startWithinMs: number | null;
  readonly health: HealthRule;
  /** Whether `debounce` is defined: such jobs are enqueued in a transaction. */
  readonly debounces: boolean;
  /** Whether its jobs may have limits. */
  readonly limited: boolean;
  /** Of the input, as JSON Schema. Null where its schema cannot say it. */
  inputSchema(): Record<string, unknown> | null;
  limits(parsed: unknown): readonly (string | LimitUse)[];
  unique(parsed: unknown): Unique | null;
  debounce(parsed: unknown): Debounce | null;
  /** Which versions of the input it can run. */
  versions(): number[];
  /** Throws `input-invalid` with each path and reason. */
  parse(input: unknown): Promise<Input>;
  /** Brings the input up to the type's version, checks it, and runs. */
  run(ctx: Context, input: unknown, version: number): unknown;
}

export type ScheduledType = JobType & { schedule: NonNullable<JobType['schedule']> };

export function isScheduled(type: JobType): type is ScheduledType {
  return type.schedule !== null;
}

/** A type with the version of an input, as the hot tables name it: `mail.send`, `mail.send@2`. */
export function signature(type: string, version: number): string {
  return version === 1 ? type : `${type}@${version}`;
}

/** Errors: `input-invalid`. */
export function requireScheduled(type: JobType): ScheduledType {
  if (isScheduled(type)) return type;
  throw new HumdrumError('input-invalid', `${type.type} has no schedule.`);
}
