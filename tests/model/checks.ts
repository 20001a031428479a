import { expect } from 'vitest';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import { type Status, STATUSES } from '../../src/engine/job/lifecycle.ts';
import { countJobs, executionStats, statistics } from '../../src/engine/statistics/statistics.ts';
import { recount } from '../support/recount.ts';
import { isBefore, type Job } from './model.ts';
import { lookAt } from './queries.ts';
import type { Hand, System } from './system.ts';

/** What was claimed could start, in this order, and nothing stood before it that had to go first. */
export function tellClaimed(
  system: System,
  hand: Hand,
  claimed: readonly ClaimedJob[],
  byLine = true,
): void {
  const { model } = system;
  const jobs = claimed.map(({ id }) => system.job(id));
  expect(jobs.map(({ id }) => id)).toEqual(
    jobs.toSorted((a, b) => a.rank - b.rank || a.id - b.id).map(({ id }) => id),
  );
  const queued = model.all.filter((job) => job.status === 'queued');
  for (const job of byLine ? jobs : []) {
    const passedOver = queued.filter(
      (other) => !jobs.includes(other) && other.queue === job.queue && isBefore(other, job),
    );
    const unfair = passedOver.filter(
      (other) =>
        (other.gates.length === 0 && !other.alone && model.obstacle(other) === null) ||
        isBeforeInStrictOrder(other, job),
    );
    expect(unfair.map(({ id }) => `job ${id} was first, not ${job.id}`)).toEqual([]);
  }
  for (const [at, job] of jobs.entries()) {
    expect(byLine && job.alone, `job ${job.id} waits to run alone`).toBe(false);
    expect(model.obstacle(job), `job ${job.id} was claimed`).toBeNull();
    expect(claimed[at]?.attempt).toBe(job.attempts + 1);
    model.started(job);
    job.worker = hand.id;
  }
  hand.jobs.push(...claimed);
}

/** Of two that were due at once when they were enqueued. Others may join a line later than their rank says. */
function isBeforeInStrictOrder(a: Job, b: Job): boolean {
  const plain = [a, b].every((job) => job.dueAtOnce && !job.everStarted && job.gates.length === 1);
  const [gate] = a.gates;
  return (
    plain &&
    gate !== undefined &&
    gate.name === b.gates[0]?.name &&
    a.id < b.id &&
    a.startBy === null &&
    /^(order|turns|humdrum)/.test(gate.name)
  );
}

/** After each command. */
export async function compare({ db, model }: System): Promise<void> {
  const { jobs, leftovers, keys } = await lookAt(db);
  const expected = model.all.map(({ id, status, attempts }) => {
    const places = ['queued', 'running', 'failed'].includes(status) ? 1 : 0;
    return `${id}: ${status}, ${attempts} attempts, ${places} places`;
  });
  expect(jobs).toEqual(expected);
  expect(leftovers).toEqual([]);
  const held = [...model.keys].filter(([key]) => model.holder(key) !== null);
  expect(keys).toEqual(Object.fromEntries(held.map(([key, { job }]) => [key, job.id])));
}

/** Counted from what is rolled up and what is not, against the tables and against the model. */
export async function compareStatistics({ db, model }: System): Promise<void> {
  const [jobs, attempts] = await recount(db);
  const counted = await countJobs(db);
  expect(counted).toEqual(jobs);
  expect(await executionStats(db, { system: true })).toEqual(attempts);
  const of = (status: Status): number => counted.reduce((sum, row) => sum + row[status], 0);
  expect(STATUSES.map(of)).toEqual(
    STATUSES.map((status) => model.all.filter((job) => job.status === status).length),
  );
  for (const { runMs, waitMs, completed, failed } of await statistics(db)) {
    expect([runMs !== null, waitMs !== null]).toEqual([
      completed + failed > 0,
      completed + failed > 0,
    ]);
  }
}
