import { onPostgres } from './databases.ts';
import type { Place } from './system.ts';

/** Holds a snapshot while the function runs, like a backup or a report. Rows that die meanwhile cannot be vacuumed. */
export async function withOldSnapshot<Result>(
  { postgres }: Place,
  during: () => Promise<Result>,
): Promise<Result> {
  return onPostgres(postgres, async (query) => {
    await query('begin isolation level repeatable read');
    await query('select count(*) from pg_class');
    const result = await during();
    await query('rollback');
    return result;
  });
}
