import { expect } from 'vitest';
import { childFailure } from '../../src/engine/handler/children.ts';
import { claimAlone, claimNext, claimOne } from '../../src/engine/transitions/claim.ts';
import { auditFenced } from '../../src/engine/transitions/fence.ts';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import { limitsOf } from '../../src/engine/job/limit-rule.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { release } from '../../src/engine/transitions/release.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Settlement } from '../../src/engine/transitions/settlement.ts';
import { wakeWaiting } from '../../src/engine/transitions/wake.ts';
import { completed, expireWorker, failed, rescueLost } from '../support/verbs.ts';
import { actOn, cancelAll, cancelLate, retryAll } from './act.ts';
import { tellClaimed } from './checks.ts';
import type { Command, End } from './commands.ts';
import { enqueueAll, fireTicks } from './enqueue.ts';
import type { Job } from './model.ts';
import { countFenced } from './queries.ts';
import { type Hand, type System, TYPES } from './system.ts';

const SIGNATURES = TYPES.map(({ type }) => type);

/** Does it to the engine, and tells the model. */
export async function perform(system: System, command: Command): Promise<void> {
  const { db, model } = system;
  switch (command.do) {
    case 'enqueue':
      return enqueueAll(system, command.jobs);
    case 'tick':
      return fireTicks(system);
    case 'claim':
      return void (await claim(system, command.worker, command.queue, command.limit));
    case 'claim-one':
      return claimById(system, command.worker, command.pick);
    case 'settle':
      return settleSome(system, system.hand(command.worker), command.ends, command.twice);
    case 'expire':
      return lose(system, command.worker);
    case 'settle-late':
      return settleLate(system, command.pick, command.end);
    case 'release':
      return giveBack(system, system.hand(command.worker), command.keep);
    case 'retry':
    case 'cancel':
      return actOn(system, command.do, command.pick);
    case 'retry-all':
      return retryAll(system, command.type, command.overS * 1_000);
    case 'cancel-all':
      return cancelAll(system, command.type);
    case 'advance':
      return system.moveTo(model.now + command.seconds * 1_000);
    case 'limit':
      return limit(system, command.name, command.concurrency);
    case 'rescue':
      return rescueAll(system);
    case 'overdue':
      return cancelLate(system);
    case 'promote':
      await promote(db);
      return model.promoted();
    case 'answer':
      await wakeWaiting(db);
      return model.answered();
    case 'rest':
      return rest(system);
  }
}

async function claim(
  system: System,
  worker: number,
  queue: string,
  limitTo: number,
): Promise<number> {
  const hand = system.hand(worker);
  const { jobs } = await claimNext(system.db, hand.id, {
    queue,
    types: SIGNATURES,
    limit: limitTo,
  });
  expect(jobs.length).toBeLessThanOrEqual(limitTo);
  tellClaimed(system, hand, jobs);
  return jobs.length;
}

/** A worker with nothing else takes what waits to run alone. */
async function claimSuspect(system: System): Promise<number> {
  const hand = system.hand(0);
  const queues = ['default', 'mail'];
  const job = await claimAlone(system.db, hand.id, { queues, types: SIGNATURES });
  if (job) tellClaimed(system, hand, [job], false);
  return job ? 1 : 0;
}

async function claimById(system: System, worker: number, place: number): Promise<void> {
  const job = system.pick(place);
  const hand = system.hand(worker);
  const claimed = job && (await claimOne(system.db, hand.id, job.id));
  if (claimed) tellClaimed(system, hand, [claimed], false);
}

async function settleSome(
  system: System,
  hand: Hand,
  ends: readonly End[],
  twice: boolean,
): Promise<void> {
  const jobs = hand.jobs.splice(0, ends.length);
  if (jobs.length === 0) return;
  const settlements: Settlement[] = [];
  const told: [Job, End][] = [];
  for (const [at, job] of jobs.entries()) {
    const end = (await mustFail(system, job)) ? 'failed for good' : (ends[at] ?? 'completed');
    settlements.push(settlementOf(job, end));
    told.push([system.job(job.id), end]);
  }
  const drained = new Set(jobs.map(({ leaseId }) => leaseId));
  for (const { leaseId } of hand.jobs) drained.delete(leaseId);
  expect(await settle(system.db, settlements, [...drained])).toEqual([]);
  for (const [job, end] of told) system.model.ended(job, end);
  if (!twice) return;
  const refused = await settle(system.db, settlements, [...drained]);
  expect(refused).toHaveLength(settlements.length);
  expect(await auditFenced(system.db, refused)).toEqual([]);
}

/** A parent whose policy is `fail`, of whose children one has not completed. */
async function mustFail(system: System, { id, ties }: ClaimedJob): Promise<boolean> {
  const job = system.job(id);
  if (ties?.onChildFailure !== 'fail') return false;
  const failure = await childFailure(system.db, id);
  const expected = system.model.childrenOf(job).some(({ status }) => status !== 'completed');
  expect(failure !== null).toBe(expected);
  return failure !== null;
}

function settlementOf(job: ClaimedJob, end: End): Settlement {
  const type = TYPES.find((one) => one.type === job.type);
  if (!type) throw new Error(`There is no type ${job.type}.`);
  return {
    ...(end === 'completed' ? completed(job) : failed(job, end === 'failed for good')),
    type,
  };
}

/** Its lease passes; a new worker takes its place. */
async function lose(system: System, worker: number): Promise<void> {
  const hand = system.hand(worker);
  await expireWorker(system.db, hand.id);
  system.lost.push(...hand.jobs);
  const from = { queue: 'default', types: SIGNATURES, limit: 5 };
  expect((await claimNext(system.db, hand.id, from)).jobs).toEqual([]);
  await system.hire(worker);
}

async function settleLate(system: System, place: number, end: End): Promise<void> {
  const job = system.lost[place % Math.max(1, system.lost.length)];
  if (!job) return;
  const late = [settlementOf(job, end)];
  expect(await settle(system.db, late, [])).toHaveLength(1);
  expect(await auditFenced(system.db, late)).toHaveLength(1);
  system.fenced += 1;
  expect(await countFenced(system.db)).toBe(system.fenced);
}

async function giveBack(system: System, hand: Hand, keep: number): Promise<void> {
  const kept = hand.jobs.slice(0, keep);
  const released = hand.jobs.splice(keep);
  const count = await release(
    system.db,
    hand.id,
    kept.map(({ id }) => id),
  );
  expect(count).toBe(released.length);
  for (const { id } of released) system.model.released(system.job(id));
  if (keep === 0) system.lost.push(...released);
}

async function rescueAll(system: System): Promise<void> {
  const lost = system.model.all.filter((job) => isLost(system, job));
  const rescued = await rescueLost(system.db);
  const companies = lost.map((job) => lost.filter(({ worker }) => worker === job.worker).length);
  const charged = lost.filter((job, at) => system.model.lost(job, companies[at] ?? 0));
  const again = lost.filter(({ status }) => status === 'queued');
  expect(rescued).toEqual({
    rescued: lost.length,
    again: again.length,
    charged: charged.length,
  });
}

function isLost(system: System, { id, status }: Job): boolean {
  const inHand = system.workers.some(({ jobs }) => jobs.some((job) => job.id === id));
  return status === 'running' && !inHand;
}

async function limit(system: System, name: string, concurrency: number): Promise<void> {
  const [, queue] = name.split(':');
  const rule = { concurrency };
  await system.configure(
    limitsOf(queue ? { queues: { [queue]: rule } } : { limits: { [name]: rule } }),
  );
}

const MOST_ROUNDS = 100;

/** Does what upkeep does and claims all that there is. What could start and has not is lost. */
export async function rest(system: System): Promise<void> {
  const { db, model } = system;
  await rescueAll(system);
  await cancelLate(system);
  for (let round = 0; ; round += 1) {
    expect(round).toBeLessThan(MOST_ROUNDS);
    const { promoted } = await promote(db);
    model.promoted();
    const { woken } = await wakeWaiting(db);
    model.answered();
    const claimed =
      (await claimSuspect(system)) +
      (await claim(system, 0, 'default', 5)) +
      (await claim(system, 0, 'mail', 5));
    if (promoted + woken + claimed === 0) break;
  }
  const forgotten = model.all.filter(
    (job) => job.status === 'queued' && model.obstacle(job) === null && !model.isBehindAnother(job),
  );
  expect(forgotten.map(({ id }) => `job ${id} could start`)).toEqual([]);
}

/** With room everywhere, and all the time that there is, every job ends. */
export async function drain(system: System): Promise<void> {
  const { model } = system;
  for (const name of ['pair', 'per', 'big', 'queue:mail']) await limit(system, name, 2);
  for (let round = 0; ; round += 1) {
    await rest(system);
    const idle = system.workers.every(({ jobs }) => jobs.length === 0);
    for (const hand of system.workers) {
      await settleSome(
        system,
        hand,
        hand.jobs.map(() => 'completed'),
        false,
      );
    }
    const open = model.all.filter(({ status }) => status === 'queued' || status === 'running');
    if (open.length === 0) return;
    expect(round).toBeLessThan(MOST_ROUNDS);
    if (idle) await system.moveTo(model.now + 3_600_000);
  }
}
