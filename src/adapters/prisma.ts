import type { Queryable } from '../database/database.ts';
import { textOf } from './text-of.ts';
import { transactionMissing } from './transaction-missing.ts';

/** What an interactive `prisma.$transaction` gives. */
export interface PrismaTransaction {
  $queryRawUnsafe(sql: string, ...values: (string | null)[]): PromiseLike<unknown>;
  /** Only the client itself has this. */
  readonly $connect?: never;
}

/** An interactive transaction of Prisma. Errors: `transaction-missing`. */
export function fromPrisma(tx: PrismaTransaction): Queryable {
  if (tx.$connect !== undefined) {
    throw transactionMissing(
      'This client of Prisma',
      'prisma.$transaction(async (tx) => … fromPrisma(tx) …)',
    );
  }
  return {
    query: async <Row>(sql: string, params: unknown[] = []) => ({
      rows: (await tx.$queryRawUnsafe(sql, ...textOf(params))) as Row[],
    }),
  };
}
