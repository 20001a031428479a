import { errorMessage } from '../../errors.ts';

/** What one value may take: an input, a result, the data of an effect. Larger ones belong into a file. */
export const MAX_JSON_BYTES = 1_048_576;
/** PostgreSQL parses JSON recursively. With its smallest stack, it refuses what is nested a few hundred deep. */
const MAX_JSON_DEPTH = 200;

/** Why a value cannot be stored, as the rest of a sentence: "is 2000000 bytes of JSON; the maximum is 1048576". */
export class UnstorableError extends Error {
  readonly kind: 'too-large' | 'not-json';

  constructor(kind: UnstorableError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The JSON text of a value. Errors: `UnstorableError`. */
export function jsonText(value: unknown): string {
  const text = stringify(value);
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_JSON_BYTES) {
    throw new UnstorableError(
      'too-large',
      `is ${bytes} bytes of JSON; the maximum is ${MAX_JSON_BYTES}. Store it elsewhere and pass a reference`,
    );
  }
  if (text.length > 2 * MAX_JSON_DEPTH && isTooDeep(text)) {
    throw new UnstorableError('not-json', `is nested more than ${MAX_JSON_DEPTH} levels deep`);
  }
  return text;
}

function stringify(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value) as string | undefined;
  } catch (cause) {
    throw new UnstorableError('not-json', `cannot be stored as JSON: ${why(value, cause)}`, {
      cause,
    });
  }
  if (text !== undefined) return text;
  const what = value === undefined ? 'undefined' : `a ${typeof value}`;
  throw new UnstorableError('not-json', `is ${what}, which has no JSON form`);
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth -= 1;
    if (depth > MAX_JSON_DEPTH) return true;
  }
  return false;
}

/** Names the field at fault, which `JSON.stringify` does not. */
function why(value: unknown, cause: unknown): string {
  try {
    const at = bigintIn(value, [], new Set());
    if (at) return `${at.length > 0 ? at.join('.') : 'it'} is a bigint`;
  } catch {
    return 'it is nested too deep';
  }
  return errorMessage(cause);
}

function bigintIn(value: unknown, path: string[], seen: Set<object>): string[] | null {
  if (typeof value === 'bigint') return path;
  if (typeof value !== 'object' || value === null || seen.has(value)) return null;
  seen.add(value);
  for (const [key, child] of Object.entries(value)) {
    const at = bigintIn(child, [...path, key], seen);
    if (at) return at;
  }
  return null;
}
