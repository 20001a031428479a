import type { Queryable } from '../database/database.ts';
import { textOf } from './text-of.ts';
import { transactionMissing } from './transaction-missing.ts';

/** The transaction that an interactive `prisma.$transaction` passes. */
export interface PrismaTransaction {
  $queryRawUnsafe(sql: string, ...values: (string | null)[]): PromiseLike<unknown>;
  /** Only the full client has this. */
  readonly $connect?: never;
}

/** Wraps an interactive Prisma transaction. Errors: `transaction-missing`. */
export function fromPrisma(tx: PrismaTransaction): Queryable {
  if (tx.$connect !== undefined) {
    throw transactionMissing(
      'This Prisma client',
      'prisma.$transaction(async (tx) => … fromPrisma(tx) …)',
    );
  }
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => ({
      rows: (await tx.$queryRawUnsafe(sql, ...textOf(params))) as Row[],
    }),
  };
}
