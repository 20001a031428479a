import type { Queryable } from '../database/database.ts';
import { transactionMissing } from './transaction-missing.ts';

/** `Client` or `PoolClient` of `pg`. */
export interface PgClient extends Queryable {
  /** Since 8.17. */
  getTransactionStatus?(): string | null;
  /** A pool has this. Each of its queries may go to another connection. */
  readonly totalCount?: never;
}

/** A transaction of `pg`: the client that has begun it. Errors: `transaction-missing`. */
export function fromPg(client: PgClient): Queryable {
  if ('totalCount' in client) throw missing('A pool of pg');
  if (client.getTransactionStatus?.() === 'I') throw missing('This client of pg');
  return client;
}

const missing = (given: string) =>
  transactionMissing(given, "await client.query('begin') on a client of pool.connect()");
