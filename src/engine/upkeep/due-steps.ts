import type { Runtime } from '../ports/runtime.ts';
import { takeBackSchedules } from '../register/schedules.ts';
import { aimAnew } from '../schedule/aim.ts';
import { fireDue } from '../schedule/fire.ts';
import { tryAgain } from '../schedule/set-aside.ts';
import { cancelOverdue } from '../transitions/cancel.ts';
import { promote } from '../transitions/promote.ts';
import { wakeWaiting } from '../transitions/wake.ts';
import { type DueWork, isDue } from './due-work.ts';
import { dropExpiredKeys } from './expired-keys.ts';
import { dropFullBuckets } from './full-buckets.ts';
import type { LostWorkers } from './lost-workers.ts';
import { extendHistory } from './retention.ts';
import { unknownTypes } from './unknown-types.ts';
import { vacuum } from './vacuum.ts';

/** Who runs the upkeep: a worker in the background, or a drain. */
export interface UpkeepBy {
  runtime: Runtime;
  actor: string;
  queues: readonly string[];
  lostWorkers: LostWorkers;
}

/** What one step did. */
export interface StepResult extends Partial<Pick<DueWork, 'dueMs' | 'tokensMs'>> {
  done: number;
  /** The step made jobs ready, or left wake calls that will. */
  more: boolean;
}

export interface Step {
  readonly doing: string;
  readonly run: () => Promise<StepResult>;
}

/** The steps that are due, in order. Each one does a bounded amount of work. */
export function dueSteps(due: DueWork, by: UpkeepBy): Step[] {
  const { runtime, actor } = by;
  const { database } = runtime;
  const steps: [due: boolean, doing: string, run: Step['run']][] = [
    [isDue(due.lostMs), 'rescuing', () => rescueLost(by)],
    [due.overdue, 'cancelling', async () => moving(await cancelOverdue(database, actor))],
    [
      due.expiredKeys,
      'clearing',
      async () => ({ done: await dropExpiredKeys(database), more: false }),
    ],
    [isDue(due.tickMs), 'firing schedules', () => fire(runtime)],
    [isDue(due.dueMs), 'promoting jobs', () => promoteDue(runtime)],
    [due.wakeCalls || isDue(due.tokensMs), 'waking jobs', () => wake(runtime)],
  ];
  return steps.flatMap(([stepIsDue, doing, run]) => (stepIsDue ? [{ doing, run }] : []));
}

export interface Chore {
  readonly doing: string;
  readonly run: () => Promise<void>;
  /** Default: about a minute. */
  readonly everyMs?: number;
}

const FULL_BUCKETS_MS = 600_000;

/** Runs about once a minute, whether or not anything is due. */
export function chores(by: UpkeepBy): Chore[] {
  const { database } = by.runtime;
  return [
    { doing: 'looking for unknown types', run: () => reportUnknown(by) },
    { doing: 'extending the history', run: () => extendHistory(database) },
    { doing: 'looking after schedules', run: () => lookAfterSchedules(by) },
    {
      doing: 'removing full token buckets',
      run: () => dropFullBuckets(database),
      everyMs: FULL_BUCKETS_MS,
    },
  ];
}

/** Run at the same interval once some work was done: the embedded database has no autovacuum. */
export function choresAfterWork({ runtime: { database } }: UpkeepBy): Chore[] {
  return database.exclusive ? [{ doing: 'vacuuming', run: () => vacuum(database) }] : [];
}

const moving = (done: number): StepResult => ({ done, more: done > 0 });

async function rescueLost({ runtime, lostWorkers }: UpkeepBy): Promise<StepResult> {
  const did = await lostWorkers.rescue();
  if (did.rescued > 0) runtime.onEvent({ event: 'jobs-rescued', ...did });
  return moving(did.rescued);
}

/** `done` is 1 even if no job was made: a skipped tick counts as progress. */
async function fire(runtime: Runtime): Promise<StepResult> {
  const fired = await fireDue(runtime);
  if (fired > 0) runtime.onEvent({ event: 'ticks-fired', fired });
  return { done: 1, more: fired > 0 };
}

async function promoteDue({ database }: Runtime): Promise<StepResult> {
  const { promoted, nextMs } = await promote(database);
  return { ...moving(promoted), dueMs: nextMs };
}

async function wake({ database }: Runtime): Promise<StepResult> {
  const { woken, nextMs } = await wakeWaiting(database);
  return { ...moving(woken), tokensMs: nextMs };
}

/** After a rollback, after the clock was set back, and after a rule was corrected. */
async function lookAfterSchedules({ runtime, actor }: UpkeepBy): Promise<void> {
  const { database, types } = runtime;
  tryAgain(types.scheduled);
  await takeBackSchedules(database, types, actor);
  await aimAnew(database, types.scheduled);
}

async function reportUnknown({ runtime, queues }: UpkeepBy): Promise<void> {
  const { database, types, onEvent } = runtime;
  const unknown = await unknownTypes(database, queues, types.known);
  if (unknown.length > 0) onEvent({ event: 'types-unknown', types: unknown });
}
