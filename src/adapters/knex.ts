import type { Queryable } from '../database/database.ts';
import { textOf } from './text-of.ts';
import { transactionMissing } from './transaction-missing.ts';

/** The transaction that `knex.transaction` passes. */
export interface KnexTransaction {
  raw(sql: string, bindings: readonly (string | null)[]): PromiseLike<unknown>;
  /** Whether it has been committed or rolled back. */
  isCompleted(): boolean;
}

/** Wraps a Knex transaction. Errors: `transaction-missing`. */
export function fromKnex(trx: KnexTransaction): Queryable {
  if (!('isCompleted' in trx) || trx.isCompleted()) {
    throw transactionMissing('This Knex client', 'knex.transaction((trx) => … fromKnex(trx) …)');
  }
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => {
      const values = textOf(params);
      const bindings: (string | null)[] = [];
      // Knex binds question marks by position, so a parameter that is used twice is sent twice.
      const text = sql.replaceAll(/\?|\$(\d+)/g, (mark, place?: string) => {
        if (place === undefined) return `\\${mark}`;
        bindings.push(values[Number(place) - 1] ?? null);
        return '?';
      });
      return { rows: ((await trx.raw(text, bindings)) as { rows: Row[] }).rows };
    },
  };
}
