import { z } from 'zod';
import type { Database } from '../../src/database/database.ts';
import { claimNext } from '../../src/engine/transitions/claim.ts';
import { markLost } from '../../src/engine/transitions/lost-workers.ts';
import type { Rescued } from '../../src/engine/transitions/rescue.ts';
import { LostWorkers } from '../../src/engine/upkeep/lost-workers.ts';
import { limitsOf } from '../../src/engine/job/limit-rule.ts';
import type { Registry } from '../../src/engine/job/registry.ts';
import { Vault } from '../../src/engine/job/secrets.ts';
import type { Listener } from '../../src/engine/ports/events.ts';
import { fireDue } from '../../src/engine/schedule/fire.ts';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import type { Outcome } from '../../src/engine/job/outcome.ts';
import type { Settlement } from '../../src/engine/transitions/settlement.ts';
import { defineJob } from '../../src/index.ts';

/** Adds a worker without a process. Its lease expires when the test says so. */
export async function addWorker(db: Database, name = 'test'): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    `insert into humdrum.worker (name, started_at, expires_at)
     values ($1, humdrum.clock(), humdrum.clock() + interval '1 year') returning id`,
    [name],
  );
  return rows[0]?.id ?? 0;
}

/** Its lease passes, and it is marked as lost. */
export async function expireWorker(db: Database, workerId: number): Promise<void> {
  await db.query('update humdrum.worker set expires_at = humdrum.clock() where id = $1', [
    workerId,
  ]);
  await markLost(db, [workerId]);
}

/** As the upkeep of a worker does it. */
export async function rescueLost(db: Database): Promise<Rescued> {
  return new LostWorkers(db, { actor: 'test', leaseMs: 0, self: () => 0 }).rescue();
}

export async function claim(db: Database, workerId: number, limit = 10): Promise<ClaimedJob[]> {
  return (await claimNext(db, workerId, { queue: 'default', types: [plain.type], limit })).jobs;
}

export const plain = defineJob({
  type: 'test.plain',
  input: z.object({}),
  retry: { attempts: 2, delayMs: 0 },
  run: () => null,
});

const nothing = { effects: [], log: [], durationMs: 1, changes: null, transaction: null };

export function completed(job: ClaimedJob, more: Partial<Outcome> = {}): Settlement {
  return { job, type: plain, outcome: { ...nothing, ended: { result: null }, ...more } };
}

export function failed(job: ClaimedJob, permanent = false): Settlement {
  const error = { class: 'Error', message: 'no luck', stack: null };
  return {
    job,
    type: plain,
    outcome: { ...nothing, ended: { error, permanent, retryAfterMs: null } },
  };
}

/** Fires the schedules of these types as a worker without limits and secrets would. Returns the number of jobs. */
export const fireTicks = (
  database: Database,
  types: Registry,
  onEvent: Listener = () => undefined,
): Promise<number> =>
  fireDue({ database, types, limits: limitsOf({}), vault: new Vault([]), onEvent });
