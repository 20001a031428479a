import type { Queryable } from '../../database/database.ts';
import { isSetAside, type Schedules } from './set-aside.ts';

/** With more schedules than this, their names are not sent: the table is read in the order of next ticks instead. */
const MAX_NAMES = 100;

/** The names, if there are few enough to send them with every query; else null. Without those that are set aside. */
export function namesIfFew(known: Schedules): string[] | null {
  return known.size <= MAX_NAMES
    ? [...known.keys()].filter((name) => !isSetAside(known, name))
    : null;
}

/** Milliseconds until the next tick of any of these; null if there is none. */
export async function msUntilNextTick(db: Queryable, known: Schedules): Promise<number | null> {
  const names = namesIfFew(known);
  if (names) return msUntilNextOf(db, names);
  for await (const { ms } of inOrderOfTicks(db, known)) return ms;
  return null;
}

/** The schedules whose tick is due, at most `atMost`, the earliest tick first. */
export async function dueNames(db: Queryable, known: Schedules, atMost: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, ms } of inOrderOfTicks(db, known)) {
    if (ms > 0 || names.length === atMost) break;
    names.push(name);
  }
  return names;
}

async function msUntilNextOf(db: Queryable, names: readonly string[]): Promise<number | null> {
  const { rows } = await db.query<{ ms: number | null }>(
    `select (extract(epoch from min(next_at) - humdrum.clock()) * 1000)::float8 as ms
     from humdrum.schedule where name = any ($1) and isfinite(next_at)`,
    [names],
  );
  return rows[0]?.ms ?? null;
}

interface NextTick {
  name: string;
  /** As text, which keeps its microseconds. */
  at: string;
  ms: number;
}

async function* inOrderOfTicks(db: Queryable, known: Schedules): AsyncGenerator<NextTick> {
  let last: NextTick | undefined = { name: '', at: '-infinity', ms: 0 };
  while (last) {
    const { rows }: { rows: NextTick[] } = await db.query<NextTick>(
      `select name, next_at::text as at, (extract(epoch from next_at - humdrum.clock()) * 1000)::float8 as ms
       from humdrum.schedule where (next_at, name) > ($1::timestamptz, $2) and next_at < 'infinity'
       order by next_at, name limit ${MAX_NAMES}`,
      [last.at, last.name],
    );
    for (const row of rows) {
      if (known.has(row.name) && !isSetAside(known, row.name)) yield row;
    }
    last = rows.length === MAX_NAMES ? rows.at(-1) : undefined;
  }
}
