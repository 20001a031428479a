import type { Queryable } from '../database/database.ts';
import { textOf } from './text-of.ts';
import { transactionMissing } from './transaction-missing.ts';

/** The transaction that `db.transaction().execute` passes and `db.startTransaction().execute` returns. */
export interface KyselyTransaction {
  readonly isTransaction: true;
  executeQuery(query: KyselyQuery): Promise<{ rows: unknown[] }>;
}

/** Kysely's `CompiledQuery`. */
interface KyselyQuery {
  readonly sql: string;
  readonly parameters: readonly unknown[];
  readonly query: {
    readonly kind: 'RawNode';
    readonly sqlFragments: readonly string[];
    readonly parameters: readonly [];
  };
  readonly queryId: { readonly queryId: string };
}

/** Wraps a Kysely transaction. Errors: `transaction-missing`. */
export function fromKysely(trx: KyselyTransaction): Queryable {
  if (!trx.isTransaction) {
    throw transactionMissing(
      'This Kysely client',
      'db.transaction().execute((trx) => … fromKysely(trx) …)',
    );
  }
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => {
      const { rows } = await trx.executeQuery({
        sql,
        parameters: textOf(params),
        query: { kind: 'RawNode', sqlFragments: [sql], parameters: [] },
        queryId: { queryId: 'humdrum' },
      });
      return { rows: rows as Row[] };
    },
  };
}
