import type { Transaction } from '../../database/database.ts';
import type { Context } from '../../engine/job/context.ts';
import type { Page, Stretch } from './queries.ts';

const ROWS_PER_SET = 10_000;
/** More failures than this indicate a general problem rather than bad rows. */
const MOST_FAILURES = 1_000;
const MOST_ERRORS = 100;

export interface Walk {
  /** The keys of rows to change, in order. */
  page: (page: Page) => Promise<string[]>;
  /** Changes the rows in a range of keys. Returns how many. */
  change: (db: Transaction, stretch: Stretch) => Promise<number>;
  /** Starts after this key. Default: at the first key. */
  after?: string;
  /** Stops after this many keys. Default: at the last key. */
  limit?: number;
}

export interface Walked {
  affected: number;
  /** Rows that failed and were left unchanged: the first 100 of `errorCount`. */
  errors: RowError[];
  errorCount: number;
  /** The last key processed. */
  stoppedAt: string;
}

export interface RowError {
  id: string;
  error: string;
}

/** Changes rows in sets, by key, in bounded memory. A row that fails does not stop the others. */
export async function walk(
  ctx: Context,
  { page, change, after = '', limit }: Walk,
): Promise<Walked> {
  let at = after;
  let left = limit ?? Infinity;
  let failures = 0;
  let affected = 0;
  async function* keys(): AsyncGenerator<string> {
    while (left > 0) {
      refuseTooMany(failures);
      const wanted = Math.min(left, ROWS_PER_SET);
      const some = await page({ after: at, limit: wanted });
      at = some.at(-1) ?? at;
      yield* some;
      if (some.length < wanted) return;
      left -= some.length;
    }
  }
  const report = await ctx.forEachSet(keys(), ROWS_PER_SET, async (set, db) => {
    const [first = '', last = first] = [set[0], set.at(-1)];
    const changed = await change(db, { first, last }).catch((error: unknown) => {
      if (set.length === 1) failures += 1;
      throw error;
    });
    affected += changed;
  });
  const errors = report.failed.map(({ item, error }) => ({ id: item, error }));
  return {
    affected,
    errors: errors.slice(0, MOST_ERRORS),
    errorCount: errors.length,
    stoppedAt: at,
  };
}

function refuseTooMany(failures: number): void {
  if (failures <= MOST_FAILURES) return;
  throw new Error(
    `More than ${MOST_FAILURES.toLocaleString('en-US')} rows failed, so the problem is not single rows. All changes are rolled back.`,
  );
}

/** Formats `1 life` or `1,000 lives`. */
export function many(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : more}`;
}

/** The sentence about failed rows, or an empty string. */
export function leftOut(errorCount: number, noun: string): string {
  return errorCount > 0 ? ` Failed and left unchanged: ${many(errorCount, noun)}.` : '';
}
