import { errorMessage, HumdrumError } from '../../errors.ts';
import { readCron } from '../base/cron-rule.ts';
import { FLAG, FUNCTION, type Kind, listOf, oneOf, required, TEXT } from '../base/kinds.ts';
import { isObject } from '../base/objects.ts';
import { shown } from '../base/shown.ts';
import { isWhole } from '../base/whole-number.ts';
import { fieldOf } from './error-fact.ts';
import { checkDefinitionNames, type JobDefinition } from './job-type.ts';

/** The type's own version, and each older one that upcasts lead up from. */
export function versionsOf(version: number, upcasts: object): number[] {
  const versions = [version];
  for (let older = version - 1; older in upcasts; older -= 1) versions.push(older);
  return versions;
}

/** Lower-case words with hyphens, joined by dots, at most 100 characters. */
export function isTypeName(name: unknown): boolean {
  return typeof name === 'string' && TYPE_NAME.test(name) && name.length <= 100;
}

const TYPE_NAME = /^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$/;

/** Errors: `type-invalid`. */
export function checkDefinition<Given, Input, Result>(
  definition: JobDefinition<Given, Input, Result>,
): void {
  if (typeof definition !== 'object' || definition === null) {
    throw new HumdrumError('type-invalid', 'defineJob takes an object: { type, input, run, … }.');
  }
  const { type, aliases = [], version = 1, upcasts = {} } = definition;
  const names: readonly unknown[] = [type, ...[aliases].flat()];
  for (const name of names) {
    if (isTypeName(name)) continue;
    throw new HumdrumError(
      'type-invalid',
      `"${String(name)}" is not a valid name for a job type. Use lower-case words with hyphens, joined by dots, at most 100 characters: quiz.regenerate-lives`,
    );
  }
  checkDefinitionNames(definition);
  refuse(type, kindErrors(definition));
  const stray = Object.keys(upcasts).filter(
    (from) => !versionsOf(version, upcasts).slice(1).includes(Number(from)),
  );
  refuse(type, [
    ...numberErrors(definition),
    ...attributeErrors(definition),
    cronError(definition.schedule?.cron),
    stray.length === 0 ||
      `upcasts must lead from each older version to the next, up to version ${version}; ${stray.join(', ')} leads nowhere`,
    !(definition.unique && definition.debounce) || 'a type can be unique or debounced, not both',
  ]);
}

function refuse(type: string, found: readonly (true | string)[]): void {
  const wrong = found.filter((one) => one !== true);
  if (wrong.length > 0) {
    throw new HumdrumError('type-invalid', `Job type "${type}": ${wrong.join('; ')}`);
  }
}

const PATHS = listOf({ ...TEXT, takes: 'a path of the input' });
const OBJECT: Kind = { takes: 'an object', holds: isObject };

/** What TypeScript would have refused. Numbers are checked with their ranges. */
const KINDS: Readonly<Record<string, Kind>> = {
  input: required({
    takes: 'a schema, such as z.object({}) of zod',
    holds: (value) => typeof fieldOf(fieldOf(value, '~standard'), 'validate') === 'function',
  }),
  run: required(FUNCTION),
  description: TEXT,
  queue: { takes: 'a name of 1 to 100 characters', holds: isName },
  atomic: FLAG,
  limits: {
    takes: 'a list or a function',
    holds: (value) => Array.isArray(value) || FUNCTION.holds(value),
  },
  unique: FUNCTION,
  debounce: FUNCTION,
  secrets: PATHS,
  attributes: PATHS,
  upcasts: OBJECT,
  retry: OBJECT,
  'retry.backoff': oneOf(['exponential', 'linear', 'fixed']),
  'retry.on': FUNCTION,
  schedule: {
    takes: 'an object with a cron expression: { cron: "0 4 * * *" }',
    holds: (value) => isObject(value) && typeof fieldOf(value, 'cron') === 'string',
  },
  'schedule.timeZone': TEXT,
  'schedule.misfire': oneOf(['skip', 'once', 'each']),
  'schedule.overlap': oneOf(['skip', 'queue', 'allow']),
  health: OBJECT,
};

function kindErrors(definition: object): (true | string)[] {
  return Object.entries(KINDS).map(([path, { takes, holds, isRequired }]) => {
    const value = path.split('.').reduce<unknown>(fieldOf, definition);
    const isGood = value === undefined ? isRequired !== true : holds(value);
    return isGood || `${path} must be ${takes}, not ${shown(value)}`;
  });
}

/** Without control characters, which PostgreSQL or a terminal would stumble over. */
function isName(value: unknown): boolean {
  return typeof value === 'string' && /^[^\p{Cc}]{1,100}$/u.test(value);
}

const ATTRIBUTE = /^[^.=]+(\.[^.=]+)*$/;

function attributeErrors<Given, Input, Result>({
  attributes = [],
  secrets = [],
}: JobDefinition<Given, Input, Result>): (true | string)[] {
  const hidden = attributes.find((path) => secrets.includes(path));
  return [
    attributes.length <= 10 || 'a type can have at most 10 attributes',
    attributes.every((path) => path.length <= 100 && ATTRIBUTE.test(path)) ||
      'attributes must be paths like customer.id, at most 100 characters',
    hidden === undefined || `"${hidden}" is a secret, so it cannot be an attribute`,
  ];
}

/** The time zone is checked at the start: which ones there are depends on the machine. */
function cronError(cron: string | undefined): true | string {
  try {
    if (cron !== undefined) readCron(cron);
    return true;
  } catch (error) {
    return `the schedule "${cron}" is invalid: ${errorMessage(error)}`;
  }
}

function numberErrors<Given, Input, Result>(
  definition: JobDefinition<Given, Input, Result>,
): (true | string)[] {
  const { version, priority, retry = {}, timeoutMs, graceMs, startWithinMs, schedule } = definition;
  const { everyMs, expectMs } = definition.health ?? {};
  const whole = (value: number | undefined, from: number, to: number): boolean =>
    value === undefined || isWhole(value, from, to);
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
