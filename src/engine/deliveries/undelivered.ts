import type { Queryable } from '../../database/database.ts';
import type { Json } from '../base/json.ts';
import type { Context } from '../job/context.ts';
import type { Listener } from '../ports/events.ts';
import type { Delivery } from './delivery.ts';

/** An effect that a receiver has not taken yet. */
export interface Undelivered {
  ordinal: number;
  kind: string;
  name: string;
  data: Json;
  /** The type of the job that it came from, and what that job saw as now. */
  type: string;
  now: Date;
}

const PAGE = 100;

const UNDELIVERED = `
select effect.ordinal, effect.kind, effect.name, effect.data, job.type, job.run_at as now
from humdrum.effect join humdrum.job on job.id = effect.job_id
where effect.job_id = $1 and effect.ordinal > $3 and not exists (
  select from humdrum.delivery
  where (delivery.job_id, delivery.ordinal, delivery.receiver) = (effect.job_id, effect.ordinal, $2)
    and outcome in ('sent', 'superseded')
)
order by effect.ordinal limit ${PAGE}`;

/** What a job has left for a receiver, in order, read in pages. */
export async function* undelivered(
  db: Queryable,
  of: { job: number; receiver: string; wants: (kind: string, name: string) => boolean },
): AsyncGenerator<Undelivered> {
  let after = -1;
  for (;;) {
    const { rows } = await db.query<Undelivered>(UNDELIVERED, [of.job, of.receiver, after]);
    yield* rows.filter(({ kind, name }) => of.wants(kind, name));
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) return;
    after = last.ordinal;
  }
}

/** The effect as its receiver gets it. */
export function deliveryOf(
  ctx: Context,
  job: number,
  { ordinal, name, data, type, now }: Undelivered,
  tell: Listener,
): Delivery {
  return {
    key: `humdrum-${job}-${ordinal}`,
    name,
    data,
    job: { id: job, type, now },
    attempt: ctx.job.attempt,
    signal: ctx.signal,
    tell,
  };
}
