import type { Queryable } from '../../database/database.ts';
import type { AuditEntry } from './search.ts';
import { drawBound, lastDrawnId, whoWrites } from './writers.ts';

/** So many ids are read at once. */
const PAGE = 5_000;
/** So far back a feed that begins looks for ids that are still to come. */
const LOOK_BACK = 50_000;
/** More are put together: what is missing in them is final a little later. */
const MOST_GAPS = 100;

/** Ids, both ends included. */
type Span = [low: number, high: number];

/** Ids of which no row was there, and who may still bring some. */
interface Gap {
  missing: Span[];
  writers: readonly string[];
}

const COLUMNS = 'id, at, job_id as "jobId", attempt, event, actor, reason';
const IN_SPANS = `select ${COLUMNS} from humdrum.audit_in($1::text::int8multirange) order by id`;
const AFTER = `select ${COLUMNS} from humdrum.audit_between($1, $2, null) order by id`;

/**
 * What is added to the audit from now on, each row once, as soon as it is committed. Ids are drawn in one order and committed
 * in another: up to `finalId` nothing is to come any more. The rows of a transaction that drew its ids long ago and is still
 * open are awaited by their ids, and hold up only `finalId`, as in `roll-up.ts`.
 */
export class ChangeFeed {
  readonly #db: Queryable;
  #readTo: number;
  #gaps: Gap[] = [];

  private constructor(db: Queryable, readTo: number) {
    this.#db = db;
    this.#readTo = readTo;
  }

  static async open(db: Queryable): Promise<ChangeFeed> {
    const { toId, writers } = await drawBound(db);
    const feed = new ChangeFeed(db, toId);
    if (writers.length > 0) {
      const missing = await missingAt(db, toId);
      if (missing.length > 0) feed.#gaps.push({ missing, writers });
    }
    return feed;
  }

  /** All rows up to this id have been answered, or were there before. */
  get finalId(): number {
    const first = Math.min(...this.#gaps.map(({ missing }) => missing[0]?.[0] ?? Infinity));
    return Math.min(this.#readTo, first - 1);
  }

  /** Up to here every row that was visible has been answered. */
  get readTo(): number {
    return this.#readTo;
  }

  /** What has come, by ids; `more`: there is more to read at once. */
  async next(): Promise<{ rows: AuditEntry[]; more: boolean }> {
    if (this.#gaps.length === 0 && (await lastDrawnId(this.#db)) <= this.#readTo) {
      return { rows: [], more: false };
    }
    const { toId: drawn, writers } = await drawBound(this.#db);
    // First who has ended, then what is there: whatever they wrote is visible to the second statement.
    const isOpen = await whoWrites(this.#db);
    const from = this.#readTo + 1;
    const toId = Math.min(Math.max(drawn, this.#readTo), this.#readTo + PAGE);
    const fresh: Span[] = from <= toId ? [[from, toId]] : [];
    const awaited = this.#gaps.flatMap(({ missing }) => missing);
    const { rows } = await this.#db.query<AuditEntry>(IN_SPANS, [textOf([...awaited, ...fresh])]);
    const seen = rows.map(({ id }) => id);
    this.#gaps = this.#gaps.flatMap((gap) => {
      const missing = without(gap.missing, seen);
      return missing.length > 0 && isOpen(gap.writers) ? [{ ...gap, missing }] : [];
    });
    const missing = without(fresh, seen);
    if (missing.length > 0 && isOpen(writers)) this.#addGap({ missing, writers });
    this.#readTo = toId;
    return { rows, more: toId < drawn };
  }

  #addGap(gap: Gap): void {
    this.#gaps.push(gap);
    if (this.#gaps.length <= MOST_GAPS) return;
    const [first, second, ...rest] = this.#gaps;
    if (!first || !second) return;
    const missing = [...first.missing, ...second.missing].toSorted(([a], [b]) => a - b);
    const writers = [...new Set([...first.writers, ...second.writers])];
    this.#gaps = [{ missing, writers }, ...rest];
  }
}

/** Rows that are there behind an id, in pages: `through` says how far this one has come. */
export async function changesAfter(
  db: Queryable,
  after: number,
  last: number,
): Promise<{ rows: AuditEntry[]; through: number }> {
  const through = Math.min(after + PAGE, last);
  const { rows } = await db.query<AuditEntry>(AFTER, [after, through]);
  return { rows, through };
}

const MISSING = `
select spans::text as missing from (
  select int8multirange(int8range(greatest($1::bigint - ${LOOK_BACK}, 0) + 1, $1::bigint + 1)) as recent
) as stretch cross join lateral (
  select (recent - coalesce((select range_agg(int8range(id, id + 1)) from humdrum.audit_in(recent)), '{}'))
    + coalesce((select range_agg(piece) from humdrum.roll_up_gap, unnest(missing) as piece), '{}') as spans
) as all_of_it`;

/** Ids up to one that no row has yet: of the last ones, and of older ones those that the roll-up waits for. */
async function missingAt(db: Queryable, toId: number): Promise<Span[]> {
  const { rows } = await db.query<{ missing: string }>(MISSING, [toId]);
  return [...(rows[0]?.missing ?? '').matchAll(/\[(\d+),(\d+)\)/g)].map(([, low, high]): Span => [
    Number(low),
    Number(high) - 1,
  ]);
}

const textOf = (spans: readonly Span[]): string =>
  `{${spans.map(([low, high]) => `[${low},${high}]`).join(',')}}`;

/** What is left of the spans when these ids, in order, are taken out. */
function without(spans: readonly Span[], ids: readonly number[]): Span[] {
  let at = 0;
  return spans.flatMap(([low, high]) => {
    const left: Span[] = [];
    let from = low;
    while (at < ids.length && (ids[at] ?? Infinity) < low) at += 1;
    for (let id = ids[at]; id !== undefined && id <= high; at += 1, id = ids[at]) {
      if (id > from) left.push([from, id - 1]);
      from = id + 1;
    }
    if (from <= high) left.push([from, high]);
    return left;
  });
}
