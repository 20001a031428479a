import { closest, distance } from 'fastest-levenshtein';

/** An expected failure, with a stable `code` for programs and a message that says what to do. */
export class HumdrumError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HumdrumError';
    this.code = code;
  }
}

/**
 * Marks the errors of a class and returns a function that recognizes them, also those of another copy of this package,
 * which `instanceof` does not.
 */
export function branded<E extends Error>(
  errors: { readonly prototype: E },
  kind: string,
): (thrown: unknown) => thrown is E {
  const key = Symbol.for(`humdrum.${kind}`);
  Object.defineProperty(errors.prototype, key, { value: true });
  return (thrown): thrown is E => {
    try {
      return typeof thrown === 'object' && thrown !== null && key in thrown;
    } catch {
      return false; // A proxy's trap threw.
    }
  };
}

export const isHumdrumError = branded(HumdrumError, 'error');

/** Codes are part of the public contract: add, never rename. */
export type ErrorCode =
  | 'action-refused'
  | 'alert-not-found'
  | 'alerts-missing'
  | 'attribute-unknown'
  | 'body-too-large'
  | 'client-invalid'
  | 'config-invalid'
  | 'content-type-unsupported'
  | 'csv-invalid'
  | 'cursor-invalid'
  | 'database-closed'
  | 'database-held'
  | 'database-locked'
  | 'database-missing'
  | 'database-unreachable'
  | 'dry-run'
  | 'file-not-found'
  | 'files-missing'
  | 'files-refused'
  | 'files-unreachable'
  | 'filter-invalid'
  | 'funds-insufficient'
  | 'handler-invalid'
  | 'handlers-missing'
  | 'input-invalid'
  | 'job-not-found'
  | 'limit-reached'
  | 'limit-unknown'
  | 'link-invalid'
  | 'mail-missing'
  | 'migration-changed'
  | 'migrations-missing'
  | 'name-taken'
  | 'not-found'
  | 'not-serializable'
  | 'openid-missing'
  | 'pg-missing'
  | 'plan-changed'
  | 'port-in-use'
  | 'preview-expired'
  | 'redis-missing'
  | 'redis-unreachable'
  | 'request-invalid'
  | 'request-refused'
  | 'rights-missing'
  | 'role-insufficient'
  | 's3-missing'
  | 'schema-newer'
  | 'schema-outdated'
  | 'scope-insufficient'
  | 'secret-key-missing'
  | 'server-unreachable'
  | 'timed-out'
  | 'too-many-attempts'
  | 'too-many-requests'
  | 'transaction-missing'
  | 'type-invalid'
  | 'type-unknown'
  | 'unauthenticated';

/**
 * Every option of an interface by its name. Written as `satisfies Names<T>`, so that the compiler refuses a table that lacks
 * one: a new option cannot be forgotten.
 */
export type Names<T> = Readonly<Record<keyof T, true>>;

/**
 * Refuses options that do not exist, which would otherwise be ignored. `what` begins the message; `path` is where the options
 * stand within others: `unique.`. Errors: `code`, with the nearest name.
 */
export function refuseUnknown(
  code: ErrorCode,
  what: string,
  given: unknown,
  known: Readonly<Record<string, true>>,
  path = '',
): void {
  if (given === undefined || given === null) return;
  if (typeof given !== 'object' || Array.isArray(given)) throw notAnObject(code, what, known, path);
  // Not Object.keys: this runs for every job that is enqueued, and makes nothing.
  for (const name in given) {
    if (known[name] !== true) throw unknownOption(code, what, `${path}${name}`, known, path);
  }
}

function unknownOption(
  code: ErrorCode,
  what: string,
  name: string,
  known: object,
  path: string,
): HumdrumError {
  const names = Object.keys(known).map((one) => `${path}${one}`);
  const hint = didYouMean(name, names) || ` The options are ${names.join(', ')}.`;
  return new HumdrumError(code, `${what}: there is no option "${name}".${hint}`);
}

function notAnObject(code: ErrorCode, what: string, known: object, path: string): HumdrumError {
  const options = path === '' ? 'The options' : path.slice(0, -1);
  const fields = Object.keys(known).join(', ');
  return new HumdrumError(code, `${what}: ${options} must be an object with the fields ${fields}.`);
}

/** Never throws: an error's message may be anything, and its getter may throw. */
export function errorMessage(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return 'an error without a readable message';
  }
}

/** ` Did you mean "…"?`, or an empty string if no known word is close. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  return near === null ? '' : ` Did you mean "${near}"?`;
}

const LONGEST_WORD = 200;

/** The known word closest to `word`, or null if none is close enough. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0 || word === '' || word.length > LONGEST_WORD) return null;
  const found = closest(word, known);
  const most = Math.max(2, Math.floor(0.4 * Math.max(word.length, found.length)));
  return distance(word, found) <= most ? found : null;
}
