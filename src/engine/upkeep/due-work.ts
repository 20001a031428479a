import type { Queryable } from '../../database/database.ts';
import { PREPARED } from '../../database/prepared.ts';
import type { Hold } from '../job/hold.ts';
import type { Registry } from '../job/registry.ts';
import { msUntilNextTick, namesIfFew } from '../schedule/next-due.ts';
import type { LostWorkers } from './lost-workers.ts';

/** What upkeep has to do now, and in how many milliseconds more comes due. Null: nothing is scheduled. */
export interface DueWork {
  /** Not null: the database is held, so `ready` and `suspects` are false, and `tickMs` is null. */
  hold: Hold | null;
  /** Jobs of a type that this process knows may start, or are so many that not all of them were looked at. */
  ready: boolean;
  /** Queued jobs missed their deadline to start. */
  overdue: boolean;
  /** Unique keys with a time limit have expired. */
  expiredKeys: boolean;
  /** Wake calls are pending. */
  wakeCalls: boolean;
  /** Audit events are not in the statistics yet. */
  unrolled: boolean;
  /** Jobs wait to run alone. */
  suspects: boolean;
  /** The database's clock. */
  nowMs: number;
  /** Until the first lease expires, unless a heartbeat renews it. */
  lostMs: number | null;
  /** Until the next tick of a schedule. */
  tickMs: number | null;
  /** Until the next job in `later` is due. */
  dueMs: number | null;
  /** Until a rate limit has tokens for the next job in its line. */
  tokensMs: number | null;
}

interface FindOptions {
  queues: readonly string[];
  types: Pick<Registry, 'known' | 'scheduled'>;
  /** Is told the time of the database. */
  lostWorkers?: Pick<LostWorkers, 'observe'>;
}

/**
 * `heads`: the types of the first 101 jobs of each queue. The types that this process knows may be thousands, so they are not
 * sent. `crowded`: a queue has more.
 */
type Row = Omit<DueWork, 'ready' | 'hold'> & {
  heads: string[];
  crowded: boolean;
  hold: (Omit<Hold, 'at'> & { atMs: number }) | null;
};

const DUE_WORK = `${PREPARED}
select heads, crowded, overdue, passed_keys as "expiredKeys", calls as "wakeCalls", unrolled, suspects, now_ms as "nowMs", lost_ms as "lostMs",
  tick_ms as "tickMs", due_ms as "dueMs", tokens_ms as "tokensMs",
  (select json_build_object('atMs', date_part('epoch', at) * 1000, 'actor', actor, 'reason', reason) from humdrum.hold) as hold
from humdrum.glance($1, $2)`;

/** Reads all due work in one query, without writing. With over 100 schedules, a second query reads their next tick. */
export async function findDueWork(
  db: Queryable,
  { queues, types, lostWorkers }: FindOptions,
): Promise<DueWork> {
  const few = namesIfFew(types.scheduled);
  const sentMs = performance.now();
  const { rows } = await db.query<Row>(DUE_WORK, [queues, few ?? []]);
  const [row] = rows;
  if (!row) throw new Error('The due-work query returned no row.');
  lostWorkers?.observe(row.nowMs, sentMs, performance.now());
  const { heads, crowded, tickMs, hold, ...rest } = row;
  if (hold) {
    const { atMs, ...by } = hold;
    const held = { ...rest, hold: { ...by, at: new Date(atMs) } };
    return { ...held, ready: false, suspects: false, tickMs: null };
  }
  return {
    ...rest,
    hold: null,
    ready: crowded || heads.some((type) => types.known.has(type)),
    tickMs: few ? tickMs : await msUntilNextTick(db, types.scheduled),
  };
}

export const isDue = (ms: number | null): boolean => ms !== null && ms <= 0;
