import type { Queryable } from '../../database/database.ts';

/** An audit row as it is hashed and exported. `text`: a JSON array of its columns. */
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

/** SQL of an id below all others. */
export const BEFORE_ALL = `'-9223372036854775808'::bigint`;

/** The maximum number of ids per page. */
export const PAGE_IDS = 10_000;

/** SQL of an instant as `2026-01-31T09:00:00.123456Z`. Values outside this form keep their own text, which never equals one in it. */
export function instantText(column: string): string {
  return `case when isfinite(${column}) and ${column} >= '0001-01-01T00:00:00Z'
    then to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') else ${column}::text end`;
}

function canonicalRow(row: StoredRow): CanonicalRow {
  const { id, at, job_id: jobId, attempt, event, actor, reason } = row;
  return { id, text: JSON.stringify([id, at, jobId, attempt, event, actor, reason]) };
}

/** Sorts by id. Two rows with the same id are a forgery; sorting them by text keeps the order deterministic. */
export function inOrder(rows: readonly CanonicalRow[]): CanonicalRow[] {
  return rows.toSorted((a, b) => a.id - b.id || (a.text < b.text ? -1 : 1));
}

/** The rows with `after` < id <= `through`, in order. `after` null: from the first row. */
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
  /** The last id that the page covers. */
  toId: number;
  rows: CanonicalRow[];
}

/** The rows with `after` < id <= `through`, in non-empty pages, with one page in memory at a time. */
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

/** Used only to cross a gap in the ids: it reads all rows after it. */
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
