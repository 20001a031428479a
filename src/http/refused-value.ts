import { z } from 'zod';
import { didYouMean, HumdrumError } from '../errors.ts';

/** Longer values are not quoted in messages. */
const LONGEST_REPEATED = 60;
const MOST_ISSUES = 3;

/** Decodes a value from a caller. Errors: `request-invalid`, naming the field, what it must be, and the value received. */
export function readAs(schema: z.ZodType, value: unknown, what: string): unknown {
  return orRefused(z.safeDecode(schema, value, { reportInput: true, error: accepted }), what);
}

/** Encodes a value for the wire. Errors: as `readAs`. */
export function sendAs(schema: z.ZodType, value: unknown, what: string): unknown {
  return orRefused(z.safeEncode(schema, value, { reportInput: true, error: accepted }), what);
}

function orRefused(result: z.ZodSafeParseResult<unknown>, what: string): unknown {
  if (result.success) return result.data;
  const problems = result.error.issues.slice(0, MOST_ISSUES).map((issue) => {
    const subject = issue.path.length > 0 ? issue.path.map(String).join('.') : 'it';
    return `${subject} ${issue.message}${received(issue)}`;
  });
  throw new HumdrumError('request-invalid', `Invalid ${what}: ${problems.join('; ')}.`, {
    cause: result.error,
  });
}

function received({ code, input }: z.core.$ZodIssue): string {
  if (code === 'unrecognized_keys' || input === undefined) return '';
  return ` (got ${shown(input)})`;
}

/** A value for a message: on one line and of limited length. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= LONGEST_REPEATED ? text : `text of ${count(text.length)} characters`;
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

/** What a value must be, for schemas without a message of their own. Reads as the predicate of a sentence. */
function accepted(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_type') return kindOf(issue.expected, issue.input);
  if (issue.code === 'invalid_value')
    return `must be one of ${issue.values.map(String).join(', ')}`;
  if (issue.code === 'too_big') return `must ${sized(issue.origin, 'at most', issue.maximum)}`;
  if (issue.code === 'too_small') return `must ${sized(issue.origin, 'at least', issue.minimum)}`;
  if (issue.code === 'unrecognized_keys') return unknownKey(issue.keys, issue.inst);
  return undefined;
}

function kindOf(expected: string, input: unknown): string {
  const kind = KINDS[expected] ?? expected;
  if (input === undefined) return `is missing: it must be ${kind}`;
  return Array.isArray(input) ? `must be ${kind} and must not be repeated` : `must be ${kind}`;
}

function sized(origin: string, bound: string, size: number | bigint): string {
  if (origin === 'string') return `have ${bound} ${count(size)} characters`;
  if (origin === 'array') return `have ${bound} ${count(size)} entries`;
  return `be ${bound} ${count(size)}`;
}

function unknownKey(keys: readonly string[], schema: unknown): string {
  const [key = ''] = keys;
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  const hint = known.length === 0 ? 'It takes no fields' : `It takes ${known.join(', ')}`;
  return `has no field ${shown(key)}.${didYouMean(key, known)} ${hint}`;
}
