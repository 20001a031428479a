import type { Queryable } from '../../database/database.ts';
import type { ScheduledType } from '../job/job-type.ts';

/** Those of this process, by their names. In the table there may be others. */
export type Schedules = ReadonlyMap<string, ScheduledType>;

/** Of few schedules the names are sent. Of more the table is read, in the order of what comes next, as far as is needed. */
const FEW = 100;

/** The names, where they are few enough to send them with each look; else null. */
export function namesIfFew(known: Schedules): string[] | null {
  return known.size <= FEW ? [...known.keys()] : null;
}

/** How many milliseconds until the next tick of these; null if there is none. */
export async function msUntilNextTick(db: Queryable, known: Schedules): Promise<number | null> {
  const names = namesIfFew(known);
  if (names) return msUntilNextOf(db, names);
  for await (const { ms } of soonest(db, known)) return ms;
  return null;
}

/** Those whose tick has come, at most so many, the soonest first. */
export async function dueNames(db: Queryable, known: Schedules, atMost: number): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, ms } of soonest(db, known)) {
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

interface Place {
  name: string;
  /** With its microseconds. */
  at: string;
  ms: number;
}

async function* soonest(db: Queryable, known: Schedules): AsyncGenerator<Place> {
  let last: Place | undefined = { name: '', at: '-infinity', ms: 0 };
  while (last) {
    const { rows }: { rows: Place[] } = await db.query<Place>(
      `select name, next_at::text as at, (extract(epoch from next_at - humdrum.clock()) * 1000)::float8 as ms
       from humdrum.schedule where (next_at, name) > ($1::timestamptz, $2) and next_at < 'infinity'
       order by next_at, name limit ${FEW}`,
      [last.at, last.name],
    );
    for (const row of rows) if (known.has(row.name)) yield row;
    last = rows.length === FEW ? rows.at(-1) : undefined;
  }
}
