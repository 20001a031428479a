import type { Queryable } from '../database/database.ts';
import { transactionMissing } from './transaction-missing.ts';

/** The transaction that `pglite.transaction` passes. */
export interface PgliteTransaction extends Queryable {
  rollback(): Promise<void>;
}

/** Wraps a PGlite transaction. Errors: `transaction-missing`. */
export function fromPglite(tx: PgliteTransaction): Queryable {
  if ('rollback' in tx) return tx;
  throw transactionMissing(
    'This PGlite instance',
    'pglite.transaction((tx) => … fromPglite(tx) …)',
  );
}
