import type { Client } from 'pg';
import type { Finding } from './report.ts';

/** A statement that counts, and one that answers a line for each case that is not as it must be. */
export interface Check {
  invariant: string;
  checked: string;
  count: string;
  misses: string;
  params?: unknown[];
}

export async function runCheck(client: Client, check: Check): Promise<Finding> {
  const { invariant, checked, params = [] } = check;
  const uses = (sql: string): unknown[] => (sql.includes('$1') ? params : []);
  const [count] = await column<number>(client, check.count, uses(check.count));
  const misses = await column<string>(client, check.misses, uses(check.misses));
  return { invariant, checked, count: count ?? 0, misses };
}

async function column<T>(client: Client, text: string, values: unknown[]): Promise<T[]> {
  const { rows } = await client.query<T[]>({ text, values, rowMode: 'array' });
  return rows.flatMap(([value]) => (value === undefined ? [] : [value]));
}
