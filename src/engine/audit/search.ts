import type { Queryable } from '../../database/database.ts';
import { clamp } from '../base/clamp.ts';
import type { AuditEventName } from '../job/lifecycle.ts';
import { type AuditEntry, ENTRY_COLUMNS } from './entry.ts';
import { lastDrawnId } from './writers.ts';

/** Filters of the audit. A row must match all of them. */
export interface AuditQuery {
  jobId?: number;
  /** An actor, or a prefix and `*`: `user:*`. */
  actor?: string;
  events?: readonly AuditEventName[];
  /** Included. */
  from?: Date;
  /** Excluded. */
  to?: Date;
  /** 1 to 1,000. Default 100. */
  limit?: number;
  /** `next` of the previous page. */
  before?: number;
}

export interface AuditFound {
  /** Newest first. May be shorter than `limit`, or empty, even if there are more: check `next`. */
  rows: AuditEntry[];
  /** The `before` of the next page. Null if there is none. */
  next: number | null;
}

/** A page reads at most `MAX_WINDOWS` times this many ids. */
const WINDOW = 20_000;
const MAX_WINDOWS = 5;
/** Ids and times may disagree by this much: an id is drawn after the clock is read, and a clock may have been set back. */
const CLOCK_SLACK_MS = 60_000;

const FITS = `($1::text is null or actor = $1) and ($2::text is null or starts_with(actor, $2))
  and ($3::text[] is null or event = any ($3)) and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)`;

const IN_WINDOW = `select ${ENTRY_COLUMNS} from humdrum.audit_between($6, $7, null) where ${FITS} order by id desc limit $8`;
const OF_JOB = `select ${ENTRY_COLUMNS} from humdrum.audit where job_id = $9 and id > $6 and id <= $7 and ${FITS} order by id desc limit $8`;

/** One page of the audit, at a bounded cost: it reads at most 100,000 ids, however few of them match. */
export async function searchAudit(db: Queryable, query: AuditQuery): Promise<AuditFound> {
  const limit = clamp(query.limit ?? 100, 1, 1_000);
  const { low, high } = await idRangeOf(db, query);
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
  for (let window = 0; window < MAX_WINDOWS && to > low && rows.length <= limit; window += 1) {
    const from = Math.max(low, to - WINDOW);
    const left = limit + 1 - rows.length;
    const found = await db.query<AuditEntry>(IN_WINDOW, [...paramsOf(query), from, to, left]);
    rows.push(...found.rows);
    to = from;
  }
  return pageOf(rows, limit, to > low ? to + 1 : null);
}

function pageOf(rows: readonly AuditEntry[], limit: number, unreadTo: number | null): AuditFound {
  const page = rows.slice(0, limit);
  return { rows: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : unreadTo };
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

/** The ids to read: `low` < id <= `high`. */
async function idRangeOf(
  db: Queryable,
  { from, to, before }: AuditQuery,
): Promise<{ low: number; high: number }> {
  const last = Math.min(await lastDrawnId(db), (before ?? Infinity) - 1);
  const low = from ? (await idsAround(db, from.getTime() - CLOCK_SLACK_MS, last)).low : 0;
  const high = to ? (await idsAround(db, to.getTime() + CLOCK_SLACK_MS, last)).high : last;
  return { low, high: Math.min(high, last) };
}

/** Ids increase with time: all rows up to `low` are older, and none from `high` on. A binary search. */
async function idsAround(
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

/** Reads a few ids, and more if they have no rows. */
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
