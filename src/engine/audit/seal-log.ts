import type { Queryable } from '../../database/database.ts';
import { auditPages } from './canonical-row.ts';
import { makeSeal } from './seal.ts';
import { drawBound, dropBound, keepBound, keptBound, writersEnd } from './writers.ts';
import { newestSeal, sealingTime, storeSeal } from './seal-store.ts';

export interface Sealed {
  seals: number;
  rows: number;
  /** Open transactions kept newer rows from being sealed: the next time goes on from here. */
  held: boolean;
}

/**
 * Seals every row that is final. Each seal is a statement of its own: stopped between two, it goes on from there.
 * Not for use inside a transaction that lasts, whose snapshot may be older than the rows.
 */
export async function sealAudit(
  db: Queryable,
  { waitMs = 2_000, signal }: { waitMs?: number; signal?: AbortSignal } = {},
): Promise<Sealed> {
  const sum: Sealed = { seals: 0, rows: 0, held: false };
  for (;;) {
    const kept = await keptBound(db);
    const bound = kept ?? (await drawBound(db));
    if (!(await writersEnd(db, bound, waitMs))) {
      await keepBound(db, bound);
      return { ...sum, held: true };
    }
    const sealed = await sealUpTo(db, bound.toId, signal);
    sum.seals += sealed.seals;
    sum.rows += sealed.rows;
    if (!kept) return sum;
    await dropBound(db, bound);
  }
}

async function sealUpTo(
  db: Queryable,
  bound: number,
  signal?: AbortSignal,
): Promise<{ seals: number; rows: number }> {
  const sealedAt = await sealingTime(db);
  let last = await newestSeal(db);
  let seals = 0;
  let rows = 0;
  for await (const page of auditPages(db, last.id === 0 ? null : last.toId, bound)) {
    signal?.throwIfAborted();
    const seal = makeSeal(last, { toId: page.toId, sealedAt }, page.rows);
    if (!(await storeSeal(db, seal))) break;
    last = seal;
    seals += 1;
    rows += seal.rows;
  }
  return { seals, rows };
}
