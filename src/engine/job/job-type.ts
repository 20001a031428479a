import type { StandardSchemaV1 } from '@standard-schema/spec';
import { HumdrumError, type Names, refuseUnknown } from '../../errors.ts';
import type { Context } from './context.ts';
import type { LimitUse } from './limit-rule.ts';
import type { Debounce, Unique } from './request.ts';

/** How failed attempts are retried. Each wait is random, between 0 and its bound (full jitter). In milliseconds. */
export interface RetryPolicy {
  /** The total number of attempts, including the first. Default 5. */
  attempts: number;
  /** How the bound grows from one attempt to the next. Default `exponential`. */
  backoff: 'exponential' | 'linear' | 'fixed';
  /** The first bound. Default 1,000. */
  delayMs: number;
  /** The maximum of the bound. Default one hour. */
  maxDelayMs: number;
  /** Decides by the error. If it returns undefined, the policy above applies. */
  on?: (error: Error, attempt: number) => RetryDecision | undefined;
}

const RETRY = {
  attempts: true,
  backoff: true,
  delayMs: true,
  maxDelayMs: true,
  on: true,
} satisfies Names<RetryPolicy>;

/** `fail`: no further attempt. `afterMs`: the next attempt is due after exactly this time. */
export type RetryDecision = 'fail' | { afterMs: number };

/** When a schedule fires. */
export interface ScheduleRule {
  cron: string;
  /** IANA name. Default UTC. */
  timeZone?: string;
  /**
   * What to do with the ticks that were missed while no worker was running: `skip` them, run the latest (`once`, the
   * default), or run `each` of them, oldest first, at most `misfireLimit`.
   */
  misfire?: 'skip' | 'once' | 'each';
  /** Default 10, at most 1,000. */
  misfireLimit?: number;
  /** Delays the job of each tick by up to this much. The delay is fixed per tick. Default 0, at most a day. */
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

/** What to expect of a type's jobs. `humdrum/alerts` raises an alert if it does not hold. */
export interface HealthRule {
  /**
   * A job of the type succeeds at least this often: 2,100,000 (35 min) for a job that runs every half hour. From 60,000 to a
   * year. Default: by the schedule, if there is one.
   */
  everyMs?: number;
  /** No job runs longer than this. */
  expectMs?: number;
}

const HEALTH = { everyMs: true, expectMs: true } satisfies Names<HealthRule>;

/** `Given` is what `enqueue` takes, and `Input` what the schema makes of it for the handler: defaults, coerced dates. */
export interface JobDefinition<Given, Input, Result> {
  /** `pack.verb-noun`: lower case, dots between parts. */
  type: string;
  /** One sentence for people. */
  description?: string;
  /** Any Standard Schema. Checked when the job is enqueued and again when it runs. */
  input: StandardSchemaV1<Given, Input>;
  /** The version of the input. Default 1. Increment it when stored inputs would no longer match the schema. */
  version?: number;
  /**
   * Converts an older version of the input to the next one: `{ 1: (input) => inputOfVersion2 }`. Jobs with versions that no
   * upcast leads up from are left to other workers.
   */
  upcasts?: Readonly<Record<number, (input: unknown) => unknown>>;
  /** Former names of the type. Jobs that were stored under them run as this type. */
  aliases?: readonly string[];
  /**
   * Paths of the input's secret fields: `card.number`, `tokens.*`. They are stored encrypted, shown only to the handler, and
   * redacted from errors, logs, results, effects and plans. Needs `secretKey` in the options of `createHumdrum`.
   */
  secrets?: readonly string[];
  /**
   * Paths of the input that jobs can be listed by: `tenant`, `customer.id`. Strings, numbers and booleans, at most 10 paths.
   * They apply to jobs that are enqueued after a process with this definition has started.
   */
  attributes?: readonly string[];
  /** Default `default`. */
  queue?: string;
  /** Lower runs first. One point is worth a minute of waiting, so nothing starves. Default 0, from -1000 to 1000. */
  priority?: number;
  /** True (default): `ctx.db` is one transaction that commits together with the job's completion. */
  atomic?: boolean;
  schedule?: ScheduleRule;
  retry?: Partial<RetryPolicy>;
  /** The attempt fails with the error class `Timeout` after this long. Default: no limit. */
  timeoutMs?: number;
  /** How long a handler may take to end once its signal is aborted. Default 5,000. */
  graceMs?: number;
  /** Cancels a job that has not started this long after it was enqueued. Default: never. */
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
} satisfies Names<JobDefinition<unknown, unknown, unknown>>;

/** Errors: `type-invalid`, for options that a definition does not have. */
export function checkDefinitionNames<Given, Input, Result>(
  definition: JobDefinition<Given, Input, Result>,
): void {
  const what = `Job type "${definition.type}"`;
  const { retry, schedule, health } = definition;
  refuseUnknown('type-invalid', what, definition, DEFINITION);
  refuseUnknown('type-invalid', what, retry, RETRY, 'retry.');
  refuseUnknown('type-invalid', what, schedule, SCHEDULE, 'schedule.');
  refuseUnknown('type-invalid', what, health, HEALTH, 'health.');
}

/** A validated definition with all defaults. The engine treats all types alike, so inputs and results are plain JSON here. */
export interface JobType<Given = unknown> {
  /** For the compiler only: what `enqueue` takes. */
  readonly '~given'?: () => Given;
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
  /** The JSON Schema of the input. Null if the input's schema has none. */
  inputSchema(): Record<string, unknown> | null;
  limits(parsed: unknown): readonly (string | LimitUse)[];
  unique(parsed: unknown): Unique | null;
  debounce(parsed: unknown): Debounce | null;
  /** The versions of the input that it can run. */
  versions(): number[];
  /** Errors: `input-invalid`, with each path and reason. */
  parse(input: unknown): Promise<unknown>;
  /** Upcasts the input to the type's version, validates it, and runs the handler. */
  run(ctx: Context, input: unknown, version: number): unknown;
}

export type ScheduledType = JobType & { schedule: NonNullable<JobType['schedule']> };

export function isScheduled(type: JobType): type is ScheduledType {
  return type.schedule !== null;
}

/** A type and the version of an input, as stored in the hot tables: `mail.send`, `mail.send@2`. */
export function signature(type: string, version: number): string {
  return version === 1 ? type : `${type}@${version}`;
}

/** Errors: `input-invalid`. */
export function requireScheduled(type: JobType): ScheduledType {
  if (isScheduled(type)) return type;
  throw new HumdrumError('input-invalid', `${type.type} has no schedule.`);
}
