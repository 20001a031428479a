import type { Queryable } from '../../database/database.ts';
import { auditPages } from './canonical-row.ts';
import { makeSeal } from './seal.ts';
import { deleteBound, readBound, saveBound, savedBound, waitForWriters } from './writers.ts';
import { newestSeal, sealingTime, storeSeal } from './seal-store.ts';

export interface Sealed {
  seals: number;
  rows: number;
  /** Open transactions kept newer rows from being sealed. The next sealing continues with them. */
  held: boolean;
}

/**
 * Seals every row that is final. Each seal is one statement, so a sealing that was interrupted continues where it stopped.
 * Do not call it in a long transaction: its snapshot may be older than the rows.
 */
export async function sealLog(
  db: Queryable,
  { waitMs = 2_000, signal }: { waitMs?: number; signal?: AbortSignal } = {},
): Promise<Sealed> {
  const sum: Sealed = { seals: 0, rows: 0, held: false };
  for (;;) {
    const saved = await savedBound(db);
    const bound = saved ?? (await readBound(db));
    if (!(await waitForWriters(db, bound, waitMs))) {
      await saveBound(db, bound);
      return { ...sum, held: true };
    }
    const sealed = await sealUpTo(db, bound.toId, signal);
    sum.seals += sealed.seals;
    sum.rows += sealed.rows;
    if (!saved) return sum;
    await deleteBound(db, bound);
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
