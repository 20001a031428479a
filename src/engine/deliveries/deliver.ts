import type { Context } from '../job/context.ts';
import type { Delivery } from './delivery.ts';
import type { Json } from '../base/json.ts';

interface EffectRow {
  ordinal: number;
  kind: string;
  name: string;
  data: Json;
  type: string;
  now: Date;
}

const UNDELIVERED = `
select effect.ordinal, effect.kind, effect.name, effect.data, job.type, job.run_at as now
from humdrum.effect join humdrum.job on job.id = effect.job_id
where effect.job_id = $1 and not exists (
  select from humdrum.delivery
  where (delivery.job_id, delivery.ordinal, delivery.receiver) = (effect.job_id, effect.ordinal, $2)
)
order by effect.ordinal`;

const DELIVERED = `
insert into humdrum.delivery (job_id, ordinal, receiver, delivered_at) values ($1, $2, $3, humdrum.clock())
on conflict do nothing`;

/** Delivers what a job has left for a receiver, in order, each remembered as soon as it is taken. */
export async function deliverTo(
  ctx: Context,
  to: {
    receiver: string;
    job: number;
    wants: (kind: string, name: string) => boolean;
    run: (delivery: Delivery) => Promise<unknown>;
  },
): Promise<{ delivered: number }> {
  const { rows } = await ctx.db.query<EffectRow>(UNDELIVERED, [to.job, to.receiver]);
  const mine = rows.filter(({ kind, name }) => to.wants(kind, name));
  for (const { ordinal, name, data, type, now } of mine) {
    ctx.signal.throwIfAborted();
    if (!ctx.rehearsal) {
      await to.run({
        key: `humdrum-${to.job}-${ordinal}`,
        name,
        data,
        job: { id: to.job, type, now },
        attempt: ctx.job.attempt,
        signal: ctx.signal,
      });
    }
    await ctx.db.query(DELIVERED, [to.job, ordinal, to.receiver]);
  }
  return { delivered: mine.length };
}
