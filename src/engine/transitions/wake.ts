import type { Queryable } from '../../database/database.ts';

/**
 * Lets go on whatever waited for what others have left: room at a limit, tokens, the last child. What makes room calls for
 * this in its own transaction; it is answered after that has been committed. `nextMs`: when the next tokens are there.
 */
export async function wakeWaiting(
  db: Queryable,
): Promise<{ woken: number; nextMs: number | null }> {
  const { rows } = await db.query<{ woken: number; nextMs: number | null }>(
    'select woken, next_ms as "nextMs" from humdrum.answer_calls()',
  );
  return rows[0] ?? { woken: 0, nextMs: null };
}
