import { errorMessage, HumdrumError, type ErrorCode } from '../errors.ts';
import { messageWithAdvice } from './advice.ts';
import { Interrupted } from './interrupt.ts';
import { plain, say } from './output.ts';

/** Documented exit codes. Scripts depend on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  notAllowed: 4,
  auth: 5,
  unreachable: 6,
  jobFailed: 7,
  timeout: 8,
  interrupted: 130,
} as const;

const EXIT_OF: Partial<Record<ErrorCode, number>> = {
  'action-refused': EXIT.notAllowed,
  'database-held': EXIT.notAllowed,
  'dry-run': EXIT.notAllowed,
  'limit-reached': EXIT.notAllowed,
  'request-refused': EXIT.notAllowed,
  'name-taken': EXIT.notAllowed,
  'rights-missing': EXIT.notAllowed,
  'plan-changed': EXIT.notAllowed,
  'limit-unknown': EXIT.usage,
  'secret-key-missing': EXIT.usage,
  'config-invalid': EXIT.usage,
  'input-invalid': EXIT.usage,
  'filter-invalid': EXIT.usage,
  'cursor-invalid': EXIT.usage,
  'attribute-unknown': EXIT.usage,
  'type-unknown': EXIT.notFound,
  'job-not-found': EXIT.notFound,
  'alert-not-found': EXIT.notFound,
  'alerts-missing': EXIT.notFound,
  'not-found': EXIT.notFound,
  'request-invalid': EXIT.usage,
  'body-too-large': EXIT.usage,
  'type-invalid': EXIT.usage,
  'role-insufficient': EXIT.auth,
  'scope-insufficient': EXIT.auth,
  unauthenticated: EXIT.auth,
  'too-many-attempts': EXIT.auth,
  'database-unreachable': EXIT.unreachable,
  'database-locked': EXIT.unreachable,
  'database-missing': EXIT.unreachable,
  'redis-unreachable': EXIT.unreachable,
  'server-unreachable': EXIT.unreachable,
  'timed-out': EXIT.timeout,
};

/** Prints a message for expected failures and a stack for others. Returns the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof Interrupted) return EXIT.interrupted;
  if (error instanceof HumdrumError) {
    say(`humdrum: ${plain(messageWithAdvice(error))}`);
    if (process.env['LOG_LEVEL'] === 'debug') say(`(${error.code}) ${error.stack ?? ''}`);
    return EXIT_OF[error.code] ?? EXIT.failed;
  }
  say(
    `humdrum: ${error instanceof Error ? (error.stack ?? errorMessage(error)) : errorMessage(error)}`,
  );
  return EXIT.failed;
}
