import type { Transaction } from '../../database/database.ts';
import { errorMessage } from '../../errors.ts';
import type { ForEachReport } from '../job/context.ts';

type InTransaction = <T>(fn: (tx: Transaction) => Promise<T>) => Promise<T>;

/** Runs `fn` on sets of `size` items, each in its own transaction. A failing set is halved until its bad items are isolated. */
export async function forEachSet<Item>(
  inTransaction: InTransaction,
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
  fn: (set: Item[], db: Transaction) => Promise<unknown>,
): Promise<ForEachReport<Item>> {
  if (!Number.isInteger(size) || size < 1)
    throw new RangeError(`The size of a set must be a whole number from 1, not ${size}.`);
  const report: ForEachReport<Item> = { succeeded: 0, failed: [] };
  const attempt = async (set: Item[]): Promise<void> => {
    try {
      await inTransaction((db) => fn(set, db));
      report.succeeded += set.length;
    } catch (error) {
      const [only] = set;
      if (set.length === 1) {
        report.failed.push({ item: only as Item, error: errorMessage(error) });
        return;
      }
      const middle = Math.ceil(set.length / 2);
      await attempt(set.slice(0, middle));
      await attempt(set.slice(middle));
    }
  };
  for await (const set of chunks(items, size)) await attempt(set);
  return report;
}

async function* chunks<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
): AsyncGenerator<Item[]> {
  let set: Item[] = [];
  for await (const item of items) {
    set.push(item);
    if (set.length === size) {
      yield set;
      set = [];
    }
  }
  if (set.length > 0) yield set;
}
