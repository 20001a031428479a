import type { Queryable } from '../../database/database.ts';

/**
 * Makes ready the jobs whose limit, tokens or children are now free. A transaction that frees something leaves a wake call,
 * which is handled after its commit. `nextMs`: until the next rate limit has tokens; null if none is waited for.
 */
export async function wakeWaiting(
  db: Queryable,
): Promise<{ woken: number; nextMs: number | null }> {
  const { rows } = await db.query<{ woken: number; nextMs: number | null }>(
    'select woken, next_ms as "nextMs" from humdrum.answer_calls()',
  );
  return rows[0] ?? { woken: 0, nextMs: null };
}
