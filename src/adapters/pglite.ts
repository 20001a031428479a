import type { Queryable } from '../database/database.ts';
import { transactionMissing } from './transaction-missing.ts';

/** What `pglite.transaction` gives. */
export interface PgliteTransaction extends Queryable {
  rollback(): Promise<void>;
}

/** A transaction of PGlite. Errors: `transaction-missing`. */
export function fromPglite(tx: PgliteTransaction): Queryable {
  if ('rollback' in tx) return tx;
  throw transactionMissing('This PGlite', 'pglite.transaction((tx) => … fromPglite(tx) …)');
}
