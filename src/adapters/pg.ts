import type { Queryable } from '../database/database.ts';
import { transactionMissing } from './transaction-missing.ts';

/** A `Client` or `PoolClient` of `pg`. */
export interface PgClient extends Queryable {
  /** Since 8.17. */
  getTransactionStatus?(): string | null;
  /** Only a pool has this. Each query of a pool may use another connection. */
  readonly totalCount?: never;
}

/** Wraps a `pg` client inside a transaction. Errors: `transaction-missing`. */
export function fromPg(client: PgClient): Queryable {
  if ('totalCount' in client) throw missing('A pg pool');
  if (client.getTransactionStatus?.() === 'I') throw missing('This pg client');
  return client;
}

const missing = (subject: string) =>
  transactionMissing(subject, "await client.query('begin') on a client of pool.connect()");
