import type { Queryable } from '../../database/database.ts';
import { PREPARED } from '../../database/prepared.ts';
import type { Registry } from '../job/registry.ts';
import { namesIfFew, msUntilNextTick } from '../schedule/next-due.ts';

/** What there is to do, and in how many milliseconds there will be. Null: never, as far as one can see. */
export interface DueWork {
  /** Jobs of these types may start. */
  ready: boolean;
  /** Queued jobs that have not started in time. */
  overdue: boolean;
  /** Unique keys that were held for a time, and are in nobody's way any more. */
  passedKeys: boolean;
  /** Somebody may go on. */
  calls: boolean;
  /** Something has happened that is not in the statistics yet. */
  unrolled: boolean;
  /** Until a lease passes whose worker is not heard of before. */
  lostMs: number | null;
  tickMs: number | null;
  dueMs: number | null;
  tokensMs: number | null;
}

/** What the statement answers: of the first jobs the types, of which this process may know thousands. */
type Row = Omit<DueWork, 'ready'> & { heads: string[] };

const GLANCE = `${PREPARED}
select heads, overdue, passed_keys as "passedKeys", calls, unrolled, lost_ms as "lostMs", tick_ms as "tickMs",
  due_ms as "dueMs", tokens_ms as "tokensMs"
from humdrum.glance($1, $2)`;

/** One look at all that a worker sees to, which writes nothing. Of hundreds of schedules it asks with a second one. */
export async function findDueWork(
  db: Queryable,
  { queues, types }: { queues: readonly string[]; types: Pick<Registry, 'known' | 'scheduled'> },
): Promise<DueWork> {
  const few = namesIfFew(types.scheduled);
  const { rows } = await db.query<Row>(GLANCE, [queues, few ?? []]);
  const [seen] = rows;
  if (!seen) throw new Error('A look always sees something.');
  const { heads, tickMs, ...rest } = seen;
  return {
    ...rest,
    ready: heads.some((type) => types.known.has(type)),
    tickMs: few ? tickMs : await msUntilNextTick(db, types.scheduled),
  };
}

/** Whether the time for it has come. */
export const isDue = (ms: number | null): boolean => ms !== null && ms <= 0;
