import type { Queryable } from '../database/database.ts';
import { textOf } from './text-of.ts';
import { transactionMissing } from './transaction-missing.ts';

/** What `db.transaction` gives, on `node-postgres`, `postgres-js` or `pglite`. */
export interface DrizzleTransaction {
  /** Its parameter is a class of Drizzle, which can be named only by who imports it. */
  execute(statement: never): PromiseLike<unknown>;
  rollback(): never;
}

/** A transaction of Drizzle. Errors: `transaction-missing`. */
export function fromDrizzle(tx: DrizzleTransaction): Queryable {
  if (!('rollback' in tx)) {
    throw transactionMissing('This Drizzle', 'db.transaction((tx) => … fromDrizzle(tx) …)');
  }
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => {
      // As much of Drizzle's `SQL` as `execute` asks for: a statement that has its text already.
      const built = { toQuery: () => ({ sql, params: textOf(params) }) };
      const answer = await tx.execute({ getSQL: () => built } as never);
      return { rows: rowsOf<Row>(answer) };
    },
  };
}

/** postgres.js answers with the rows themselves, the others with an object around them. */
function rowsOf<Row>(answer: unknown): Row[] {
  return (Array.isArray(answer) ? answer : (answer as { rows: Row[] }).rows) as Row[];
}
