import type { Queryable } from '../../database/database.ts';
import { ENTRY_COLUMNS, type AuditEntry } from './entry.ts';
import { lastDrawnId, openWriters, readBound } from './writers.ts';

/** The number of ids read at once. */
const PAGE = 5_000;
/** How many ids back a new feed looks for rows that are not committed yet. */
const LOOK_BACK = 50_000;
/** With more gaps, the oldest two are merged: their ids become final a little later. */
const MAX_GAPS = 100;

/** Ids, both ends included. */
type Span = [low: number, high: number];

/** Ids without a visible row, and the open transactions that may still commit one. */
interface Gap {
  missing: Span[];
  writers: readonly string[];
}

const IN_SPANS = `select ${ENTRY_COLUMNS} from humdrum.audit_in($1::text::int8multirange) order by id`;
const AFTER = `select ${ENTRY_COLUMNS} from humdrum.audit_between($1, $2, null) order by id`;

/**
 * The rows added to the audit from now on, each once, as soon as it is committed. Ids are drawn in one order and committed in
 * another, so a row may appear below others that were read. The missing ids of open transactions are kept as gaps and read
 * again. They delay only `finalId`, as in `roll-up.ts`.
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
    const { toId, writers } = await readBound(db);
    const feed = new ChangeFeed(db, toId);
    if (writers.length > 0) {
      const missing = await missingAt(db, toId);
      if (missing.length > 0) feed.#gaps.push({ missing, writers });
    }
    return feed;
  }

  /** No row up to this id is still to come: all were returned, or existed before the feed was opened. */
  get finalId(): number {
    const first = Math.min(...this.#gaps.map(({ missing }) => missing[0]?.[0] ?? Infinity));
    return Math.min(this.#readTo, first - 1);
  }

  /** Every visible row up to this id was returned. */
  get readTo(): number {
    return this.#readTo;
  }

  /** The new rows, by id. `more`: call it again at once. */
  async next(): Promise<{ rows: AuditEntry[]; more: boolean }> {
    if (this.#gaps.length === 0 && (await lastDrawnId(this.#db)) <= this.#readTo) {
      return { rows: [], more: false };
    }
    const { toId: drawn, writers } = await readBound(this.#db);
    // Read the open writers before the rows: then the rows of all that have ended are visible to the second statement.
    const isOpen = await openWriters(this.#db);
    const from = this.#readTo + 1;
    const toId = Math.min(Math.max(drawn, this.#readTo), this.#readTo + PAGE);
    const fresh: Span[] = from <= toId ? [[from, toId]] : [];
    const awaited = this.#gaps.flatMap(({ missing }) => missing);
    const { rows } = await this.#db.query<AuditEntry>(IN_SPANS, [textOf([...awaited, ...fresh])]);
    const found = rows.map(({ id }) => id);
    this.#gaps = this.#gaps.flatMap((gap) => {
      const missing = without(gap.missing, found);
      return missing.length > 0 && isOpen(gap.writers) ? [{ ...gap, missing }] : [];
    });
    const missing = without(fresh, found);
    if (missing.length > 0 && isOpen(writers)) this.#addGap({ missing, writers });
    this.#readTo = toId;
    return { rows, more: toId < drawn };
  }

  #addGap(gap: Gap): void {
    this.#gaps.push(gap);
    if (this.#gaps.length <= MAX_GAPS) return;
    const [first, second, ...rest] = this.#gaps;
    if (!first || !second) return;
    const missing = [...first.missing, ...second.missing].toSorted(([a], [b]) => a - b);
    const writers = [...new Set([...first.writers, ...second.writers])];
    this.#gaps = [{ missing, writers }, ...rest];
  }
}

/** One page of the rows after an id. `through`: the last id that the page covers. */
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

/** The ids up to `toId` without a visible row: among the last `LOOK_BACK`, and the older ones that the roll-up waits for. */
async function missingAt(db: Queryable, toId: number): Promise<Span[]> {
  const { rows } = await db.query<{ missing: string }>(MISSING, [toId]);
  return [...(rows[0]?.missing ?? '').matchAll(/\[(\d+),(\d+)\)/g)].map(([, low, high]): Span => [
    Number(low),
    Number(high) - 1,
  ]);
}

const textOf = (spans: readonly Span[]): string =>
  `{${spans.map(([low, high]) => `[${low},${high}]`).join(',')}}`;

/** Subtracts ids, sorted, from spans. */
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
