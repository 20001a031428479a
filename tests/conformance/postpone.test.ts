import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import { PostponedError } from '../../src/engine/job/errors.ts';
import { failureOf } from '../../src/engine/job/failure.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Settlement } from '../../src/engine/transitions/settlement.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { addWorker, claim, completed, expireWorker, plain, rescueLost } from '../support/verbs.ts';

function postponed(claimed: ClaimedJob, afterMs = 60_000): Settlement {
  const ended = failureOf(new PostponedError('not now', { afterMs }));
  return { ...completed(claimed), outcome: { ...completed(claimed).outcome, ended } };
}

async function three(db: Database): Promise<{ worker: number; jobs: ClaimedJob[] }> {
  const { humdrum } = await openEngine(db, { jobs: [plain] });
  await humdrum.enqueueMany([{ type: plain }, { type: plain }, { type: plain }]);
  const worker = await addWorker(db);
  return { worker, jobs: await claim(db, worker) };
}

async function places(db: Database): Promise<unknown[]> {
  const { rows } = await db.query(
    `select 'later' as place, job_id as id, attempt from humdrum.later
     union all select 'ready', job_id, attempt from humdrum.ready
     union all select 'lease', held.id, held.number from humdrum.lease, unnest(jobs, attempts) as held (id, number)
     order by id`,
  );
  return rows;
}

eachBackend('a postponed job', (fresh) => {
  it('leaves its lease with the same attempt to come, so that a rescue does not double it', async () => {
    const db = await fresh();
    const { worker, jobs } = await three(db);
    const [first, second, third] = jobs as [ClaimedJob, ClaimedJob, ClaimedJob];
    expect(await settle(db, [postponed(first), completed(second)], [])).toEqual([]);
    const after = [
      { place: 'later', id: first.id, attempt: 1 },
      { place: 'lease', id: second.id, attempt: 1 },
      { place: 'lease', id: third.id, attempt: 1 },
    ];
    expect(await places(db)).toEqual(after);
    await settle(db, [postponed(first)], []); // The answer was lost, and it is sent again.
    expect(await places(db)).toEqual(after);
    await expireWorker(db, worker);
    expect(await rescueLost(db)).toMatchObject({ rescued: 1 });
    const { rows } = await db.query(
      `select event, attempt, reason from humdrum.audit where job_id = $1 order by id`,
      [first.id],
    );
    expect(rows.map(({ event }) => event as string)).toEqual(['created', 'started', 'released']);
    expect(rows.at(-1)).toMatchObject({ attempt: 1, reason: 'not now' });
  });

  it('closes a lease whose last job it was', async () => {
    const db = await fresh();
    const { jobs } = await three(db);
    const [lease] = jobs.map(({ leaseId }) => leaseId);
    await settle(
      db,
      jobs.map((one) => postponed(one)),
      [lease ?? 0],
    );
    expect(await places(db)).toHaveLength(3);
    expect((await db.query('select id from humdrum.lease')).rows).toEqual([]);
  });

  it('is not touched where the lease has passed: then the rescue has it', async () => {
    const db = await fresh();
    const { worker, jobs } = await three(db);
    await expireWorker(db, worker);
    await settle(db, [postponed(jobs[0] as ClaimedJob)], []);
    expect(await places(db)).toMatchObject(jobs.map(({ id }) => ({ place: 'lease', id })));
    expect(await rescueLost(db)).toMatchObject({ rescued: 3 });
  });

  it('gives its place at a limit to others, and runs when it is due', async () => {
    const db = await fresh();
    const ran: string[] = [];
    const shy = job('test.shy', (ctx) => {
      ran.push(`${ctx.job.id} ${ctx.job.attempt}`);
      if (ran.length === 1) throw new PostponedError('not now', { afterMs: 0 });
    });
    const { humdrum, events } = await openEngine(db, {
      jobs: [shy],
      queues: { default: { concurrency: 1 } },
      worker: { pollMs: 50 },
    });
    const [one, two] = await humdrum.enqueueMany([{ type: shy }, { type: shy }]);
    await humdrum.start();
    await events.settled(2);
    expect(ran.toSorted()).toEqual([`${one} 1`, `${one} 1`, `${two} 1`]);
    expect(await humdrum.listJobs({ status: 'completed' })).toHaveLength(2);
    expect((await db.query('select * from humdrum.slot')).rows).toEqual([]);
  });
});
