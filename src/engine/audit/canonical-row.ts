import type { Queryable } from '../../database/database.ts';

/** A row of the audit in the form in which it is hashed and exported: a JSON array of its columns. */
export interface CanonicalRow {
  id: number;
  text: string;
}

interface StoredRow {
  id: number;
  at: string;
  job_id: number | null;
  attempt: number | null;
  event: string;
  actor: string;
  reason: string | null;
}

/** SQL of an id that no row has. */
export const BEFORE_ALL = `'-9223372036854775808'::bigint`;

/** A page covers at most so many ids. */
export const PAGE_IDS = 10_000;

/** SQL of an instant as `2026-01-31T09:00:00.123456Z`. What that form cannot say, it says in another, never equal to one. */
export function instantText(column: string): string {
  return `case when isfinite(${column}) and ${column} >= '0001-01-01T00:00:00Z'
    then to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') else ${column}::text end`;
}

function canonicalRow(row: StoredRow): CanonicalRow {
  const { id, at, job_id: jobId, attempt, event, actor, reason } = row;
  return { id, text: JSON.stringify([id, at, jobId, attempt, event, actor, reason]) };
}

/** By id. Two rows with one id are a forgery, but they too have an order: that of their texts. */
export function inOrder(rows: readonly CanonicalRow[]): CanonicalRow[] {
  return rows.toSorted((a, b) => a.id - b.id || (a.text < b.text ? -1 : 1));
}

/** The rows with `after` < id <= `through`, in order; `after` null: from the very first. */
export async function auditRows(
  db: Queryable,
  after: number | null,
  through: number,
  atMost?: number,
): Promise<CanonicalRow[]> {
  const { rows } = await db.query<StoredRow>(
    `select id, ${instantText('at')} as at, job_id, attempt, event, actor, reason
     from humdrum.audit_between(coalesce($1, ${BEFORE_ALL}), $2, $3)`,
    [after, through, atMost ?? null],
  );
  return inOrder(rows.map(canonicalRow));
}

export interface AuditPage {
  /** The page covers the ids up to this one. */
  toId: number;
  rows: CanonicalRow[];
}

/** The rows with `after` < id <= `through` in pages that are not empty, one in memory at a time. */
export async function* auditPages(
  db: Queryable,
  after: number | null,
  through: number,
): AsyncGenerator<AuditPage> {
  let from = after;
  for (;;) {
    let toId = Math.min((from ?? 0) + PAGE_IDS, through);
    let rows = await auditRows(db, from, toId);
    if (rows.length === 0) {
      const next = await firstId(db, toId, through);
      if (next === null) return;
      toId = Math.min(next + PAGE_IDS - 1, through);
      rows = await auditRows(db, from, toId);
    }
    yield { toId, rows };
    from = toId;
  }
}

/** Looked up only over a gap: it reads all that follows. */
async function firstId(db: Queryable, after: number, through: number): Promise<number | null> {
  const { rows } = await db.query<{ id: number | null }>(
    'select min(id) as id from humdrum.audit where id > $1 and id <= $2',
    [after, through],
  );
  return rows[0]?.id ?? null;
}

export async function lastAuditId(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ id: number | null }>('select max(id) as id from humdrum.audit');
  return rows[0]?.id ?? 0;
}

export async function countAuditRows(db: Queryable, after: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    'select count(*) from humdrum.audit where id > $1',
    [after],
  );
  return rows[0]?.count ?? 0;
}
