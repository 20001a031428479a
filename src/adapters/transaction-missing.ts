import { HumdrumError } from '../errors.ts';

/** Without a transaction the jobs would be visible at once, and would remain after a rollback of the caller's work. */
export function transactionMissing(subject: string, fix: string): HumdrumError {
  return new HumdrumError(
    'transaction-missing',
    `${subject} is not in a transaction. Enqueue within one: ${fix}`,
  );
}
