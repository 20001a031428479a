import type { Queryable } from '../../database/database.ts';
import { enqueue } from '../enqueue/enqueue.ts';
import { defineJob } from '../job/define-job.ts';
import type { JobType } from '../job/job-type.ts';
import { Vault } from '../job/secrets.ts';
import type { Settlement } from '../transitions/settlement.ts';
import { deliveryInput, matches } from './delivery.ts';

const NO_SECRETS = new Vault([]);

/** Whether an attempt has left anything that a receiver may want. */
export function isDeliverable({ outcome }: Settlement): boolean {
  return 'result' in outcome.ended && outcome.effects.some(({ kind }) => kind !== 'file');
}

/**
 * Persists the deliveries of what was just recorded, in the same transaction: one job for each job and receiver. A channel
 * that nobody has defined yet gets its job too, which waits for a worker that knows it. Deliveries are as urgent as the job
 * that they come from, and never less urgent than others.
 */
export async function enqueueDeliveries(
  db: Queryable,
  settlements: readonly Settlement[],
): Promise<void> {
  const { rows: known } = await db.query<{ name: string; events: string[]; attempts: number }>(
    'select name, events, attempts from humdrum.receiver order by name',
  );
  const types = new Map(known.map(({ name, attempts }) => [name, deliveryType(name, attempts)]));
  const typeOf = (name: string): JobType => types.get(name) ?? deliveryType(name);
  const jobs = settlements.flatMap(({ job, type, outcome }) => {
    const events = outcome.effects.filter(({ kind }) => kind === 'event');
    const channels = outcome.effects.filter(({ kind }) => kind === 'notification');
    const names = new Set([
      ...known
        .filter((receiver) => events.some(({ name }) => matches(receiver.events, name)))
        .map(({ name }) => name),
      ...channels.map(({ name }) => `notify.${name}`),
    ]);
    return [...names].map((name) => ({
      type: typeOf(name),
      input: { job: job.id },
      priority: Math.min(0, type.priority),
      ...(outcome.trace === undefined ? {} : { trace: outcome.trace }),
    }));
  });
  if (jobs.length > 0)
    await enqueue(db, jobs, { actor: 'effects', limits: new Map(), vault: NO_SECRETS });
}

/** As much of the receiver's job type as it takes to enqueue: the receiver itself may live in another process. */
function deliveryType(type: string, attempts = 10): JobType {
  return defineJob({
    type,
    input: deliveryInput,
    queue: 'effects',
    retry: { attempts },
    run: () => null,
  });
}
