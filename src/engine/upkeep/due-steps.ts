import type { Runtime } from '../ports/runtime.ts';
import { fireDue } from '../schedule/fire.ts';
import { cancelOverdue } from '../transitions/cancel.ts';
import { promote } from '../transitions/promote.ts';
import { rescue } from '../transitions/rescue.ts';
import { wakeWaiting } from '../transitions/wake.ts';
import { isDue, type DueWork } from './due-work.ts';
import { dropPassedKeys } from './expired-keys.ts';
import { extendHistory } from './retention.ts';
import { unknownTypes } from './unknown-types.ts';
import { vacuum } from './vacuum.ts';

/** Who does the work of upkeep: a worker in the background, or a drain. */
export interface UpkeepBy {
  runtime: Runtime;
  actor: string;
  queues: readonly string[];
}

/** What one step did. */
export interface StepResult extends Partial<Pick<DueWork, 'dueMs' | 'tokensMs'>> {
  done: number;
  /** Jobs may start that could not before, or others are about to be woken. */
  more: boolean;
}

export interface Step {
  doing: string;
  run(): Promise<StepResult>;
}

/** The steps that are due, in order. Each does a bounded part of what there is to do. */
export function dueSteps(seen: DueWork, by: UpkeepBy): Step[] {
  const { runtime, actor } = by;
  const { database } = runtime;
  const steps: [due: boolean, doing: string, run: Step['run']][] = [
    [isDue(seen.lostMs), 'rescuing', () => rescueLost(by)],
    [seen.overdue, 'cancelling', async () => moving(await cancelOverdue(database, actor))],
    [
      seen.passedKeys,
      'clearing',
      async () => ({ done: await dropPassedKeys(database), more: false }),
    ],
    [isDue(seen.tickMs), 'firing schedules', () => fire(runtime)],
    [isDue(seen.dueMs), 'promoting jobs', () => promoteDue(runtime)],
    [seen.calls || isDue(seen.tokensMs), 'waking jobs', () => wake(runtime)],
  ];
  return steps.flatMap(([due, doing, run]) => (due ? [{ doing, run }] : []));
}

export interface Chore {
  doing: string;
  run(): Promise<void>;
}

/** What needs doing about once a minute, whatever is due. */
export function chores(by: UpkeepBy): Chore[] {
  const { database } = by.runtime;
  return [
    { doing: 'looking for unknown types', run: () => reportUnknown(by) },
    { doing: 'extending the history', run: () => extendHistory(database) },
  ];
}

/** The same after some work was done: the embedded database has no autovacuum. */
export function choresAfterWork({ runtime: { database } }: UpkeepBy): Chore[] {
  return database.exclusive ? [{ doing: 'vacuuming', run: () => vacuum(database) }] : [];
}

const moving = (done: number): StepResult => ({ done, more: done > 0 });

async function rescueLost({ runtime, actor }: UpkeepBy): Promise<StepResult> {
  const { rescued, again } = await rescue(runtime.database, actor);
  if (rescued > 0) runtime.onEvent({ event: 'jobs-rescued', rescued, again });
  return moving(rescued);
}

/** A tick that is skipped makes no job, and is dealt with too. */
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

async function reportUnknown({ runtime, queues }: UpkeepBy): Promise<void> {
  const { database, types, onEvent } = runtime;
  const unknown = await unknownTypes(database, queues, types.known);
  if (unknown.length > 0) onEvent({ event: 'types-unknown', types: unknown });
}
