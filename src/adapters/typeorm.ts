import type { Queryable } from '../database/database.ts';
import { textOf } from './text-of.ts';
import { transactionMissing } from './transaction-missing.ts';

/** The `EntityManager` that `dataSource.transaction` passes, or that of a query runner inside a transaction. */
export interface TypeOrmManager {
  query(sql: string, params?: (string | null)[]): Promise<unknown>;
  readonly queryRunner?: { readonly isTransactionActive: boolean } | undefined;
}

/** Wraps a TypeORM transaction. Errors: `transaction-missing`. */
export function fromTypeOrm(manager: TypeOrmManager): Queryable {
  if (!manager.queryRunner?.isTransactionActive) {
    throw transactionMissing(
      'This TypeORM entity manager',
      'dataSource.transaction((manager) => … fromTypeOrm(manager) …)',
    );
  }
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => ({
      rows: (await manager.query(sql, textOf(params))) as Row[],
    }),
  };
}
