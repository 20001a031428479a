import { type ErrorCode, HumdrumError, refuseUnknown } from '../../errors.ts';
import { AN_INSTANT, isInstant } from './instant.ts';
import { isObject } from './objects.ts';
import { shown } from './shown.ts';
import { isWhole } from './whole-number.ts';

/** What an option takes, as the end of "limit must be …". */
export interface Kind {
  takes: string;
  holds: (value: unknown) => boolean;
  isRequired?: true;
}

/** The kind of every option of an interface. The compiler refuses a table that lacks one. */
export type Kinds<T> = Readonly<Record<keyof T, Kind>>;

export const DATE: Kind = { takes: AN_INSTANT, holds: isInstant };

/** PostgreSQL cannot store NUL. */
export const TEXT: Kind = {
  takes: 'a text without NUL',
  holds: (value) => typeof value === 'string' && !value.includes('\0'),
};

export const FLAG: Kind = {
  takes: 'true or false',
  holds: (value) => typeof value === 'boolean',
};

export const FUNCTION: Kind = {
  takes: 'a function',
  holds: (value) => typeof value === 'function',
};

export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Kind {
  return {
    takes: `a whole number${wholeRange(least, most)}`,
    holds: (value) => isWhole(value, least, most),
  };
}

const wholeRange = (least: number, most: number): string =>
  most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`;

export function oneOf(words: readonly string[]): Kind {
  return {
    takes: `one of ${words.join(', ')}`,
    holds: (value) => typeof value === 'string' && words.includes(value),
  };
}

/** `Array.from` makes undefined of what a list leaves out, which `every` does not look at. */
export function listOf({ takes, holds }: Kind): Kind {
  return {
    takes: `a list, of which each is ${takes}`,
    holds: (value) => Array.isArray(value) && Array.from<unknown>(value).every(holds),
  };
}

export function oneOrMore(kind: Kind): Kind {
  return {
    takes: `${kind.takes}, or a list of them`,
    holds: (value) => kind.holds(value) || listOf(kind).holds(value),
  };
}

export function orNull({ takes, holds }: Kind): Kind {
  return { takes: `${takes}, or null`, holds: (value) => value === null || holds(value) };
}

export function required(kind: Kind): Kind {
  return { ...kind, isRequired: true };
}

/** Refuses what is not an object of options, options that do not exist, and values that are not of their kind. `path` as in `refuseUnknown`. Errors: `code`. */
export function checkKinds(
  code: ErrorCode,
  what: string,
  given: object | undefined,
  kinds: Readonly<Record<string, Kind>>,
  path = '',
): void {
  const options = given === undefined || isObject(given) ? given : ''; // Text is refused.
  const known = Object.keys(kinds).map((name) => [name, true] as const);
  refuseUnknown(code, what, options, Object.fromEntries(known), path);
  const values: Readonly<Record<string, unknown>> = { ...given };
  for (const [name, kind] of Object.entries(kinds)) {
    requireKind(code, `${what}: ${path}${name}`, values[name], kind);
  }
}

/** `what` begins the message. Errors: `code`. */
export function requireKind(code: ErrorCode, what: string, value: unknown, kind: Kind): void {
  if (value === undefined ? kind.isRequired !== true : kind.holds(value)) return;
  throw new HumdrumError(code, `${what} must be ${kind.takes}, not ${shown(value)}.`);
}
