import { HumdrumError } from '../errors.ts';

/** Outside a transaction the jobs would be there at once, and stay when the rest is rolled back. */
export function transactionMissing(given: string, wanted: string): HumdrumError {
  return new HumdrumError(
    'transaction-missing',
    `${given} is in no transaction. Enqueue within one: ${wanted}`,
  );
}
