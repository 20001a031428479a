import { z } from 'zod';
import { didYouMean, HumdrumError } from '../errors.ts';

/** Longer values are not repeated. */
const LONGEST_REPEATED = 60;
const MOST_ISSUES = 3;

/** What a caller gave, by its schema. Errors: `request-invalid` with the field, what was given, and what is accepted. */
export function readAs(schema: z.ZodType, value: unknown, what: string): unknown {
  return orRefused(z.safeDecode(schema, value, { reportInput: true, error: accepted }), what);
}

/** What is to be sent to somebody who takes this schema. Errors: as `readAs`. */
export function sendAs(schema: z.ZodType, value: unknown, what: string): unknown {
  return orRefused(z.safeEncode(schema, value, { reportInput: true, error: accepted }), what);
}

function orRefused(result: z.ZodSafeParseResult<unknown>, what: string): unknown {
  if (result.success) return result.data;
  const said = result.error.issues.slice(0, MOST_ISSUES).map((issue) => {
    const at = issue.path.length > 0 ? ` at ${issue.path.map(String).join('.')}` : '';
    return `${at}${givenAs(issue)}: ${issue.message}`;
  });
  throw new HumdrumError('request-invalid', `${what} cannot be taken${said.join('; and')}.`, {
    cause: result.error,
  });
}

function givenAs({ code, input }: z.core.$ZodIssue): string {
  if (code === 'unrecognized_keys' || input === undefined) return '';
  return `, given as ${shown(input)}`;
}

/** A value as it may be repeated: on one line, and not at any length. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= LONGEST_REPEATED ? text : `${count(text.length)} characters`;
}

const count = (value: number | bigint): string => value.toLocaleString('en-US');

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  date: 'an instant',
};

/** What is accepted, where the schema has no words of its own for it. */
function accepted(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return kindOf(issue.expected, issue.input);
  if (issue.code === 'invalid_value') return `It is one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_big') return `It ${sized(issue.origin, 'at most', issue.maximum)}`;
  if (issue.code === 'too_small') return `It ${sized(issue.origin, 'at least', issue.minimum)}`;
  if (issue.code === 'unrecognized_keys') return strange(issue.keys, issue.inst);
  return undefined;
}

function kindOf(expected: string, input: unknown): string {
  const kind = KINDS[expected] ?? expected;
  if (input === undefined) return `It is missing: ${kind}`;
  return Array.isArray(input) ? `It is ${kind}, and given once` : `It is ${kind}`;
}

function sized(origin: string, bound: string, size: number | bigint): string {
  if (origin === 'string') return `has ${bound} ${count(size)} characters`;
  if (origin === 'array') return `has ${bound} ${count(size)} entries`;
  return `is ${bound} ${count(size)}`;
}

function strange(keys: readonly string[], schema: unknown): string {
  const [key = ''] = keys;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const hint = known.length === 0 ? 'It takes nothing' : `It takes ${known.join(', ')}`;
  return `There is no ${shown(key)} here.${didYouMean(key, known)} ${hint}`;
}
