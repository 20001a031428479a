import { types } from 'node:util';

/** An error as it is stored. The message is verbatim, followed by its causes; characters that PostgreSQL cannot hold are escaped. */
export interface ErrorFact {
  /** One word, at most 200 characters. */
  class: string;
  /** At most 1 MiB, as is the stack. */
  message: string;
  stack: string | null;
}

const LONGEST_TEXT = 1_048_576;
const LONGEST_CLASS = 200;
const LONGEST_CAUSE = 2_000;
const MOST_CAUSES = 20;
const MOST_ERRORS = 10;
const NO_MESSAGE = '(no readable message)';

/** Describes whatever was thrown. Never throws itself: a getter of an error may throw, and its fields may be anything. */
export function errorFact(thrown: unknown): ErrorFact {
  if (!isError(thrown))
    return { class: 'NotAnError', message: storable(textOf(thrown)), stack: null };
  const stack = stackOf(thrown);
  return {
    class: classOf(thrown),
    message: storable(messageOf(thrown) + causesOf(thrown)),
    stack: stack === null ? null : storable(stack),
  };
}

/** Errors of any realm: those of a `vm` context, as in Jest, are no instances of this one's `Error`. */
export function isError(thrown: unknown): thrown is Error {
  try {
    return types.isNativeError(thrown) || thrown instanceof Error;
  } catch {
    return false; // A proxy's trap threw.
  }
}

/** The value of a field, or undefined if reading it throws. */
export function fieldOf(object: unknown, key: PropertyKey): unknown {
  try {
    return (object as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

function classOf(error: Error): string {
  const names = [fieldOf(error, 'name'), fieldOf(fieldOf(error, 'constructor'), 'name')];
  const name = names.find((one) => typeof one === 'string' && one !== '');
  return typeof name === 'string' ? storable(name.slice(0, LONGEST_CLASS)) : 'Error';
}

function messageOf(error: Error): string {
  const message = fieldOf(error, 'message');
  return message === undefined || message === null ? NO_MESSAGE : textOf(message);
}

/** Tools that install `Error.prepareStackTrace` may make a list of it. */
function stackOf(error: Error): string | null {
  const stack = fieldOf(error, 'stack');
  if (Array.isArray(stack)) return stack.map(plainText).join('\n');
  return typeof stack === 'string' ? stack : null;
}

/** ` [cause: Error: …]`, ` [errors: Error: …; Error: …]`: without it, "fetch failed" is all that is known. */
function causesOf(error: Error, budget = { left: MOST_CAUSES }): string {
  const message = messageOf(error);
  const describe = (thrown: unknown): string => {
    budget.left -= 1;
    if (budget.left < 0) return '…';
    if (!isError(thrown)) return cut(textOf(thrown), LONGEST_CAUSE);
    const own = messageOf(thrown);
    const head = own === '' ? classOf(thrown) : `${classOf(thrown)}: ${cut(own, LONGEST_CAUSE)}`;
    return `${head}${causesOf(thrown, budget)}`;
  };
  const errors = fieldOf(error, 'errors');
  const listed = Array.isArray(errors) ? errors.slice(0, MOST_ERRORS).map(describe) : [];
  if (Array.isArray(errors) && errors.length > MOST_ERRORS) {
    listed.push(`and ${errors.length - MOST_ERRORS} more`);
  }
  const cause = fieldOf(error, 'cause');
  const isTold = isError(cause) && messageOf(cause) !== '' && message.includes(messageOf(cause));
  const parts = [
    ...(listed.length > 0 ? [`[errors: ${listed.join('; ')}]`] : []),
    ...(cause === undefined || cause === null || isTold ? [] : [`[cause: ${describe(cause)}]`]),
  ];
  if (parts.length === 0) return '';
  return `${message === '' ? '' : ' '}${parts.join(' ')}`;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return plainText(value);
  try {
    return JSON.stringify(value) ?? plainText(value);
  } catch {
    return plainText(value);
  }
}

function plainText(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'The thrown value has no text form.';
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}… (cut)` : text;
}

function storable(text: string): string {
  return cut(text, LONGEST_TEXT).toWellFormed().replaceAll('\u0000', '\\u0000');
}
