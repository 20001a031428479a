import type { Queryable } from '../../database/database.ts';

const MAX_WORKERS = 20;

/** A worker that holds jobs and whose lease has passed. */
export interface Overdue {
  id: number;
  /** It is marked as lost already. */
  lost: boolean;
}

/** At most 20. `self`: whoever asks lives, whatever its lease says. */
export async function overdueWorkers(db: Queryable, self: number): Promise<Overdue[]> {
  const { rows } = await db.query<Overdue>(
    `select id, lost_at is not null as lost from humdrum.worker
     where (lost_at is not null or (expires_at <= humdrum.clock() and id <> $1)) and exists (select from humdrum.lease where worker_id = worker.id)
     order by id limit ${MAX_WORKERS}`,
    [self],
  );
  return rows;
}

/**
 * Marks those of these workers as lost whose leases have passed. From then on no heartbeat renews their leases, and no
 * settlement of theirs begins; one may still be under way. The leases are written too, for what `fence.ts` locks.
 */
export async function markLost(db: Queryable, ids: readonly number[]): Promise<void> {
  await db.query(
    `with gone as (
       update humdrum.worker set lost_at = humdrum.clock()
       where id = any ($1::bigint[]) and lost_at is null and expires_at <= humdrum.clock()
       returning id
     )
     update humdrum.lease set worker_id = worker_id from gone where worker_id = gone.id`,
    [ids],
  );
}
