import { sleep, withClient } from './connection.ts';

const EVERY_MS = 200;

/** How long after its worker's time, or after the start of the server, a lease is still there. */
const OVERDUE = `
select lease.id, (extract(epoch from humdrum.clock() - greatest(worker.expires_at, pg_postmaster_start_time())) * 1000)::float8 as "overdueMs"
from humdrum.lease join humdrum.worker on worker.id = lease.worker_id
where worker.expires_at <= humdrum.clock()`;

/** A job is in one place: it waits, or one lease holds it and its attempt is not recorded, or it has failed. */
const TWICE = `
with place as (
  select job_id, 'ready' as place from humdrum.ready
  union all select job_id, 'later' from humdrum.later
  union all select job_id, 'failed' from humdrum.failed
  union all
  select held.job_id, 'lease ' || lease.id from humdrum.lease
  cross join lateral unnest(lease.jobs, lease.attempts) as held (job_id, number)
  where not exists (
    select from humdrum.attempt where attempt.job_id = held.job_id and attempt.number = held.number
  )
)
select job_id || ': ' || string_agg(place, ', ' order by place) as said from place group by job_id having count(*) > 1`;

/** Watches the tables while the run goes on, on a connection of its own. Each look is one snapshot. */
export class Monitor {
  looks = 0;
  leasesSeen = 0;
  worstOverdueMs = 0;
  readonly overdue: string[] = [];
  readonly twice = new Set<string>();
  readonly #url: string;
  readonly #allowedMs: number;
  #stopped = false;
  #watching: Promise<void> = Promise.resolve();

  constructor(url: string, allowedMs: number) {
    this.#url = url;
    this.#allowedMs = allowedMs;
  }

  start(): void {
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  async #watch(): Promise<void> {
    while (!this.#stopped) {
      // A server that is away has nothing to show.
      await withClient(this.#url, async (client) => {
        while (!this.#stopped) {
          const overdue = await client.query<{ id: number; overdueMs: number }>(OVERDUE);
          for (const row of overdue.rows) this.#judge(row);
          const { rows } = await client.query<{ said: string }>(TWICE);
          for (const { said } of rows) this.twice.add(said);
          this.looks += 1;
          await sleep(EVERY_MS);
        }
      }).catch(() => sleep(EVERY_MS));
    }
  }

  #judge({ id, overdueMs }: { id: number; overdueMs: number }): void {
    this.leasesSeen += 1;
    this.worstOverdueMs = Math.max(this.worstOverdueMs, overdueMs);
    if (overdueMs > this.#allowedMs) this.overdue.push(`lease ${id}: ${Math.round(overdueMs)} ms`);
  }
}
