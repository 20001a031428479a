import { randomBytes } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';

/** A role of the test's own, which may connect and no more. It is gone when the test ends. `as`: a URL with this role. */
export async function freshRole(url: string): Promise<{ role: string; as: string }> {
  const role = `humdrum_test_${randomBytes(4).toString('hex')}`;
  await asOwner(url, (db) => db.query(`create role ${role} login password '${role}'`));
  onTestFinished(() =>
    asOwner(url, async (db) => {
      await db.query(`drop owned by ${role} cascade`);
      await db.query(`drop role ${role}`);
    }),
  );
  const as = new URL(url);
  as.username = role;
  as.password = role;
  return { role, as: as.href };
}

export async function asOwner<T>(url: string, act: (db: Database) => Promise<T>): Promise<T> {
  const db = await openPostgres(url);
  try {
    return await act(db);
  } finally {
    await db.close();
  }
}
