import type { Queryable } from '../database/database.ts';
import { textOf } from './text-of.ts';
import { transactionMissing } from './transaction-missing.ts';

/** The transaction that `db.transaction` passes, with `node-postgres`, `postgres-js` or `pglite`. */
export interface DrizzleTransaction {
  /** The parameter is Drizzle's `SQL` class, which cannot be named without importing Drizzle. */
  execute(statement: never): PromiseLike<unknown>;
  rollback(): never;
}

/** Wraps a Drizzle transaction. Errors: `transaction-missing`. */
export function fromDrizzle(tx: DrizzleTransaction): Queryable {
  if (!('rollback' in tx)) {
    throw transactionMissing('This Drizzle client', 'db.transaction((tx) => … fromDrizzle(tx) …)');
  }
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => {
      // The part of Drizzle's `SQL` that `execute` uses, with the text already built.
      const built = { toQuery: () => ({ sql, params: textOf(params) }) };
      const result = await tx.execute({ getSQL: () => built } as never);
      return { rows: rowsOf<Row>(result) };
    },
  };
}

/** postgres.js returns the rows as an array, the other drivers an object with `rows`. */
function rowsOf<Row>(result: unknown): Row[] {
  return (Array.isArray(result) ? result : (result as { rows: Row[] }).rows) as Row[];
}
