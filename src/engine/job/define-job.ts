import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { HumdrumError } from '../../errors.ts';
import type { Context } from './context.ts';
import { checkDefinition, versionsOf } from './check-definition.ts';
import type { JobDefinition, JobType, RetryPolicy } from './job-type.ts';
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

/** Errors: `type-invalid`, with everything that is wrong with the definition. */
export function defineJob<Given, Input, Result>(
  definition: JobDefinition<Given, Input, Result>,
): JobType<Given> {
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

function upcast<Given, Input, Result>(
  { version = 1, upcasts = {} }: JobDefinition<Given, Input, Result>,
  input: unknown,
  from: number,
): unknown {
  let current = input;
  for (let at = from; at < version; at += 1) current = upcasts[at]?.(current);
  return current;
}

async function parseInput<Given, Input, Result>(
  definition: JobDefinition<Given, Input, Result>,
  input: unknown,
): Promise<Input> {
  const parsed = await definition.input['~standard'].validate(input);
  const { secrets = [] } = definition;
  return acceptedBy(definition, parsed, redactor(secretsAt(input, secrets)));
}

/** Most schemas validate synchronously, and one more promise per job is measurable. */
function runChecked<Given, Input, Result>(
  definition: JobDefinition<Given, Input, Result>,
  ctx: Context,
  input: unknown,
): Result | Promise<Result> {
  const parsed = definition.input['~standard'].validate(input);
  if (parsed instanceof Promise) {
    return parsed.then((later) => definition.run(ctx, acceptedBy(definition, later)));
  }
  return definition.run(ctx, acceptedBy(definition, parsed));
}

function acceptedBy<Given, Input, Result>(
  definition: JobDefinition<Given, Input, Result>,
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
