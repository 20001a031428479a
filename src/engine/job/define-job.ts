import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { HumdrumError } from '../../errors.ts';
import type { Context } from './context.ts';
import {
  checkDefinitionNames,
  type JobDefinition,
  type JobType,
  type RetryPolicy,
} from './job-type.ts';
import { redactor, secretsAt } from './secrets.ts';

const DEFAULT_RETRY: RetryPolicy = {
  attempts: 5,
  backoff: 'exponential',
  delayMs: 1_000,
  maxDelayMs: 3_600_000,
};

const DEFAULT_SCHEDULE = {
  timeZone: 'UTC',
  misfire: 'once',
  misfireLimit: 10,
  jitterMs: 0,
  overlap: 'allow',
} as const;

export function defineJob<Input, Result>(definition: JobDefinition<Input, Result>): JobType<Input> {
  checkDefinition(definition);
  const { type, schedule, version = 1, upcasts = {}, limits = [] } = definition;
  // Safe: the value was parsed by this type's own schema.
  const own = (parsed: unknown): Input => parsed as Input;
  return {
    type,
    description: definition.description ?? '',
    version,
    aliases: definition.aliases ?? [],
    secrets: definition.secrets ?? [],
    attributes: definition.attributes ?? [],
    queue: definition.queue ?? 'default',
    priority: definition.priority ?? 0,
    atomic: definition.atomic ?? true,
    schedule: schedule ? { ...DEFAULT_SCHEDULE, ...schedule } : null,
    retry: { ...DEFAULT_RETRY, ...definition.retry },
    timeoutMs: definition.timeoutMs ?? null,
    graceMs: definition.graceMs ?? 5_000,
    startWithinMs: definition.startWithinMs ?? null,
    health: definition.health ?? {},
    debounces: definition.debounce !== undefined,
    limited: typeof limits === 'function' || limits.length > 0,
    inputSchema: () => inputSchemaOf(definition.input),
    limits: (parsed) => (typeof limits === 'function' ? limits(own(parsed)) : limits),
    unique: (parsed) => definition.unique?.(own(parsed)) ?? null,
    debounce: (parsed) => definition.debounce?.(own(parsed)) ?? null,
    versions: () => versionsOf(version, upcasts),
    parse: (input) => parseInput(definition, input),
    run: (ctx, input, from) =>
      runChecked(definition, ctx, from === version ? input : upcast(definition, input, from)),
  };
}

type Offered = StandardSchemaV1.Props & Partial<StandardJSONSchemaV1.Props>;

function inputSchemaOf(schema: StandardSchemaV1): Record<string, unknown> | null {
  const { jsonSchema }: Offered = schema['~standard'];
  try {
    return jsonSchema?.input({ target: 'draft-2020-12' }) ?? null;
  } catch {
    return null; // Not every schema has a JSON Schema form: one that transforms, for instance.
  }
}

/** The type's own version, and each older one that upcasts lead up from. */
function versionsOf(version: number, upcasts: object): number[] {
  const versions = [version];
  for (let older = version - 1; older in upcasts; older -= 1) versions.push(older);
  return versions;
}

function upcast<Input, Result>(
  { version = 1, upcasts = {} }: JobDefinition<Input, Result>,
  input: unknown,
  from: number,
): unknown {
  let current = input;
  for (let at = from; at < version; at += 1) current = upcasts[at]?.(current);
  return current;
}

const TYPE_NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/;

function checkDefinition<Input, Result>(definition: JobDefinition<Input, Result>): void {
  const { type, aliases = [], version = 1, upcasts = {} } = definition;
  for (const name of [type, ...aliases]) {
    if (TYPE_NAME.test(name) && name.length <= 100) continue;
    throw new HumdrumError(
      'type-invalid',
      `"${name}" is not a valid name for a job type. Use lower-case words with hyphens, joined by dots, at most 100 characters: quiz.regenerate-lives`,
    );
  }
  checkDefinitionNames(definition);
  const stray = Object.keys(upcasts).filter(
    (from) => !versionsOf(version, upcasts).slice(1).includes(Number(from)),
  );
  const wrong = [
    ...numberErrors(definition),
    ...attributeErrors(definition),
    stray.length === 0 ||
      `upcasts must lead from each older version to the next, up to version ${version}; ${stray.join(', ')} leads nowhere`,
    !(definition.unique && definition.debounce) || 'a type can be unique or debounced, not both',
  ].filter((said) => said !== true);
  if (wrong.length > 0) {
    throw new HumdrumError('type-invalid', `Job type "${type}": ${wrong.join('; ')}`);
  }
}

const ATTRIBUTE = /^[^.=]+(\.[^.=]+)*$/;

function attributeErrors<Input, Result>({
  attributes = [],
  secrets = [],
}: JobDefinition<Input, Result>): (true | string)[] {
  const hidden = attributes.find((path) => secrets.includes(path));
  return [
    attributes.length <= 10 || 'a type can have at most 10 attributes',
    attributes.every((path) => path.length <= 100 && ATTRIBUTE.test(path)) ||
      'attributes must be paths like customer.id, at most 100 characters',
    hidden === undefined || `"${hidden}" is a secret, so it cannot be an attribute`,
  ];
}

function numberErrors<Input, Result>(definition: JobDefinition<Input, Result>): (true | string)[] {
  const { version, priority, retry = {}, timeoutMs, graceMs, startWithinMs, schedule } = definition;
  const { everyMs, expectMs } = definition.health ?? {};
  const whole = (value: number | undefined, from: number, to: number): boolean =>
    value === undefined || (Number.isInteger(value) && value >= from && value <= to);
  return [
    whole(version, 1, 32_767) || 'version must be a whole number from 1 to 32,767',
    whole(priority, -1_000, 1_000) || 'priority must be a whole number from -1000 to 1000',
    whole(retry.attempts, 1, 1_000) || 'retry.attempts must be a whole number from 1 to 1000',
    whole(retry.delayMs, 0, 86_400_000) || 'retry.delayMs must be from 0 to 86,400,000 (a day)',
    whole(retry.maxDelayMs, 0, 2_592_000_000) ||
      'retry.maxDelayMs must be from 0 to 2,592,000,000 (30 days)',
    whole(timeoutMs, 1, 86_400_000) || 'timeoutMs must be from 1 to 86,400,000 (a day)',
    whole(graceMs, 0, 600_000) || 'graceMs must be from 0 to 600,000 (ten minutes)',
    whole(startWithinMs, 1, 31_536_000_000) ||
      'startWithinMs must be from 1 to 31,536,000,000 (a year)',
    whole(everyMs, 60_000, 31_622_400_000) ||
      'health.everyMs must be from 60,000 (a minute) to 31,622,400,000 (a year)',
    whole(expectMs, 1, 86_400_000) || 'health.expectMs must be from 1 to 86,400,000 (a day)',
    whole(schedule?.misfireLimit, 1, 1_000) || 'schedule.misfireLimit must be from 1 to 1000',
    whole(schedule?.jitterMs, 0, 86_400_000) ||
      'schedule.jitterMs must be from 0 to 86,400,000 (a day)',
  ];
}

async function parseInput<Input, Result>(
  definition: JobDefinition<Input, Result>,
  input: unknown,
): Promise<Input> {
  const parsed = await definition.input['~standard'].validate(input);
  const { secrets = [] } = definition;
  return acceptedBy(definition, parsed, redactor(secretsAt(input, secrets)));
}

/** Most schemas validate synchronously, and one more promise per job is measurable. */
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
  redact: (text: string) => string = (text) => text,
): Input {
  if (!parsed.issues) return parsed.value;
  const issues = parsed.issues.slice(0, 10).map((issue) => {
    const path = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
    return `${path.length > 0 ? path.map(String).join('.') : '(input)'}: ${issue.message}`;
  });
  throw new HumdrumError(
    'input-invalid',
    redact(`The input of ${definition.type} does not match its schema. ${issues.join('; ')}`),
  );
}
