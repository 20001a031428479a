import type { ErrorCode, HumdrumError } from '../errors.ts';

/** What to do next, from the message of an error. */
const NEXT: Partial<Record<ErrorCode, (message: string) => string | undefined>> = {
  'job-not-found': () => 'List the newest jobs with: humdrum jobs list',
  'database-held': () => 'To end the hold: humdrum db unhold',
  'alert-not-found': () => 'List all alerts with: humdrum alerts list --all',
  // Not beside another hint, such as a name that is similar.
  'type-unknown': (message) =>
    message.endsWith('".') ? 'List the types with: humdrum types' : undefined,
  'scope-insufficient': (message) => {
    const [, scope = 'SCOPE'] = /the scope ([^\s,]+)/.exec(message) ?? [];
    return `Create one with: humdrum keys create NAME --role ROLE --scope ${scope}`;
  },
};

/** The message of an error for the command line. The API does not know commands and flags, so its messages name none. */
export function messageWithAdvice({ code, message }: HumdrumError): string {
  if (code === 'cursor-invalid') {
    return '--after takes the value printed below the previous page, for the same filters and order.';
  }
  const next = NEXT[code]?.(message);
  return next === undefined ? message : `${message} ${next}`;
}
