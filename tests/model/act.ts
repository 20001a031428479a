import { expect } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { Action } from '../../src/engine/job/lifecycle.ts';
import { actOnAll } from '../../src/engine/operators/act-on-many.ts';
import { actOnOne } from '../../src/engine/operators/act-on-one.ts';
import type { JobQuery } from '../../src/engine/search/job-query.ts';
import { cancelOverdue } from '../../src/engine/transitions/cancel.ts';
import { queuedIds } from './queries.ts';
import type { System } from './system.ts';

/** The engine's verbs, with nobody to notify. */
const quiet = (database: Database) => ({ database, notify: async () => undefined });
const by = { actor: 'test', reason: 'as the test says' };

/** An even number picks one that it may be done to, an odd one any. */
export async function actOn(system: System, action: Action, place: number): Promise<void> {
  const { db, model } = system;
  const fitting = model.all.filter((job) => place % 2 === 1 || model.allows(action, job));
  const job = fitting[Math.floor(place / 2) % Math.max(1, fitting.length)];
  if (!job) return;
  const acted = actOnOne(quiet(db), action, job.id, by);
  if (!model.allows(action, job))
    return expect(acted).rejects.toMatchObject({ code: 'action-refused' });
  await acted;
  if (action === 'cancel') model.cancelled(job);
  else model.retried([job]);
}

/** Which of several failed jobs with one key gets it is for the engine to say. */
export async function retryAll(
  { db, model }: System,
  type: string | null,
  overMs: number,
): Promise<void> {
  const wanted = model.all.filter(
    (job) => job.status === 'failed' && (type === null || job.type === type),
  );
  const allowed = wanted.filter((job) => model.allows('retry', job));
  const { done } = await actOnAll(
    quiet(db),
    'retry',
    type === null ? { status: 'failed' } : { type },
    {
      ...by,
      overMs,
    },
  );
  const queued = new Set(await queuedIds(db));
  const retried = allowed.filter(({ id }) => queued.has(id));
  expect(retried).toHaveLength(done);
  model.retried(retried, overMs);
  const left = allowed.filter((job) => !retried.includes(job));
  expect(left.filter((job) => model.allows('retry', job))).toEqual([]);
}

export async function cancelAll({ db, model }: System, type: string | null): Promise<void> {
  const wanted = model.all.filter(
    (job) => model.allows('cancel', job) && (type === null || job.type === type),
  );
  const query: JobQuery = type === null ? { status: ['queued', 'failed'] } : { type };
  expect(await actOnAll(quiet(db), 'cancel', query, by)).toMatchObject({
    done: wanted.length,
  });
  for (const job of wanted) model.cancelled(job);
}

export async function cancelLate({ db, model }: System): Promise<void> {
  const overdue = model.overdue();
  expect(await cancelOverdue(db, 'test')).toBe(overdue.length);
  for (const job of overdue) model.cancelled(job);
}
