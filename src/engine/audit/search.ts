import type { Queryable } from '../../database/database.ts';
import { clamp } from '../base/clamp.ts';
import type { AuditRow } from './of-job.ts';
import type { AuditEventName } from '../job/lifecycle.ts';
import { lastDrawnId } from './writers.ts';

/** Which rows of the audit. All that is given must fit. The time is from its beginning to before its end. */
export interface AuditQuery {
  jobId?: number;
  /** Exactly, or what it begins with and `*`: `user:*`. */
  actor?: string;
  events?: readonly AuditEventName[];
  from?: Date;
  to?: Date;
  /** 1 to 1,000. Default 100. */
  limit?: number;
  /** `next` of the page before. */
  before?: number;
}

export type AuditEntry = AuditRow & { jobId: number | null };

export interface AuditFound {
  /** The newest first. Maybe fewer than were asked for, or none, though there are more. */
  rows: AuditEntry[];
  /** What to give as `before` for the next page. Null: there is none. */
  next: number | null;
}

/** So many ids are read at once, and so often for one page. */
const WINDOW = 20_000;
const MOST_WINDOWS = 5;
/** An id is drawn a little later than the clock is read, and a clock may have been set back. */
const DOUBT_MS = 60_000;

const COLUMNS = 'id, at, job_id as "jobId", attempt, event, actor, reason';
const FITS = `($1::text is null or actor = $1) and ($2::text is null or starts_with(actor, $2))
  and ($3::text[] is null or event = any ($3)) and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)`;

const IN_WINDOW = `select ${COLUMNS} from humdrum.audit_between($6, $7, null) where ${FITS} order by id desc limit $8`;
const OF_JOB = `select ${COLUMNS} from humdrum.audit where job_id = $9 and id > $6 and id <= $7 and ${FITS} order by id desc limit $8`;

/** One page of the audit, at a bounded cost: it looks through so many ids, however few of them fit. */
export async function searchAudit(db: Queryable, query: AuditQuery): Promise<AuditFound> {
  const limit = clamp(query.limit ?? 100, 1, 1_000);
  const { low, high } = await stretchOf(db, query);
  if (query.jobId !== undefined) {
    const { rows } = await db.query<AuditEntry>(OF_JOB, [
      ...paramsOf(query),
      low,
      high,
      limit + 1,
      query.jobId,
    ]);
    return pageOf(rows, limit, null);
  }
  const rows: AuditEntry[] = [];
  let to = high;
  for (let window = 0; window < MOST_WINDOWS && to > low && rows.length <= limit; window += 1) {
    const from = Math.max(low, to - WINDOW);
    const most = limit + 1 - rows.length;
    const found = await db.query<AuditEntry>(IN_WINDOW, [...paramsOf(query), from, to, most]);
    rows.push(...found.rows);
    to = from;
  }
  return pageOf(rows, limit, to > low ? to + 1 : null);
}

function pageOf(rows: readonly AuditEntry[], limit: number, seenTo: number | null): AuditFound {
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : seenTo };
}

function paramsOf({ actor, events, from, to }: AuditQuery): unknown[] {
  const isPrefix = actor?.endsWith('*') ?? false;
  return [
    isPrefix ? null : (actor ?? null),
    isPrefix ? actor?.slice(0, -1) : null,
    events ?? null,
    from?.toISOString() ?? null,
    to?.toISOString() ?? null,
  ];
}

/** Ids beyond the first and up to the second are those to look at. */
async function stretchOf(
  db: Queryable,
  { from, to, before }: AuditQuery,
): Promise<{ low: number; high: number }> {
  const last = Math.min(await lastDrawnId(db), (before ?? Infinity) - 1);
  const low = from ? (await idAround(db, from.getTime() - DOUBT_MS, last)).low : 0;
  const high = to ? (await idAround(db, to.getTime() + DOUBT_MS, last)).high : last;
  return { low, high: Math.min(high, last) };
}

/** Ids go up with time: up to `low` all rows are older, from `high` on none is. A search by halves. */
async function idAround(
  db: Queryable,
  atMs: number,
  last: number,
): Promise<{ low: number; high: number }> {
  let [low, high] = [0, last + 1];
  while (high - low > WINDOW) {
    const middle = Math.floor((low + high) / 2);
    const row = await firstAfter(db, middle, high - 1);
    if (row && row.at.getTime() < atMs) low = row.id;
    else high = middle + 1;
  }
  return { low, high };
}

const FIRST = 'select id, at from humdrum.audit_between($1, $2, 1)';

/** A look at a few ids, and at more where those are a gap. */
async function firstAfter(
  db: Queryable,
  after: number,
  through: number,
): Promise<{ id: number; at: Date } | null> {
  let from = after;
  for (let ids = 1_000; from < through; ids *= 10) {
    const to = Math.min(from + ids, through);
    const { rows } = await db.query<{ id: number; at: Date }>(FIRST, [from, to]);
    if (rows[0]) return rows[0];
    from = to;
  }
  return null;
}
