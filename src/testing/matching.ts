import { inspect } from 'node:util';

/** A value as JavaScript source, on one line. */
export function show(value: unknown): string {
  return inspect(value, { depth: 8, breakLength: Infinity, compact: true, sorted: false });
}

/** An asymmetric matcher of Vitest or Jest, such as `expect.any(String)`. */
interface Matcher {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Lists how `actual` differs from `expected`. Of an object, only the fields that `expected` names are compared, at any depth.
 * Arrays must have the same length.
 */
export function differences(expected: unknown, actual: unknown, at: string): string[] {
  if (isMatcher(expected)) {
    return expected.asymmetricMatch(actual)
      ? []
      : [`${at} is ${show(actual)}, not ${show(expected)}`];
  }
  if (expected instanceof Date) return differences(expected.toISOString(), actual, at);
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) {
      return [`${at} has ${actual.length} items, not ${expected.length}`];
    }
    return expected.flatMap((item, index) => differences(item, actual[index], `${at}[${index}]`));
  }
  if (isRecord(expected) && isRecord(actual)) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, actual[key], `${at}.${key}`),
    );
  }
  return expected === actual ? [] : [`${at} is ${show(actual)}, not ${show(expected)}`];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isMatcher(value: unknown): value is Matcher {
  return isRecord(value) && typeof value['asymmetricMatch'] === 'function';
}
