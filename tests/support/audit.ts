import { expect } from 'vitest';
import type { Database, Queryable } from '../../src/database/database.ts';
import { exportAudit } from '../../src/engine/audit/export.ts';
import { sealLog } from '../../src/engine/audit/seal-log.ts';
import { storedAudit, verifyAudit, type AuditReport } from '../../src/engine/audit/verify.ts';
import { verifyAuditExport } from '../../src/index.ts';

/** Adds audit rows like those of the engine. Every third has all columns set. */
export async function addRows(db: Queryable, rows: number): Promise<void> {
  await db.query(
    `insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
     select timestamptz '2026-01-31 09:00:00.123456+00' + n * interval '1 ms', n,
       case when n % 3 = 0 then 1 end, case when n % 3 = 0 then 'failed' else 'created' end, 'user:ada',
       case when n % 3 = 0 then E'it said "no"\\n\\u00e9' end
     from generate_series(1, $1::integer) as n`,
    [rows],
  );
}

export async function addSeals(db: Queryable, ...sizes: number[]): Promise<void> {
  for (const size of sizes) {
    await addRows(db, size);
    expect(await sealLog(db)).toEqual({ seals: 1, rows: size, held: false });
  }
}

export async function verify(db: Queryable, expected?: string): Promise<AuditReport> {
  return verifyAudit(storedAudit(db), expected === undefined ? {} : { expect: expected });
}

export async function linesOf(db: Queryable): Promise<string[]> {
  let text = '';
  for await (const piece of exportAudit(db)) text += piece;
  return text.split('\n').slice(0, -1);
}

export async function verifyLines(lines: readonly string[]): Promise<AuditReport> {
  async function* each(): AsyncGenerator<string> {
    yield* lines;
  }
  return verifyAuditExport(each());
}

/** Changes rows as the tables' owner can, with the triggers disabled. */
export async function tamper(db: Database, sql: string, params: unknown[] = []): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('set local session_replication_role = replica');
    await tx.query(sql, params);
  });
}
