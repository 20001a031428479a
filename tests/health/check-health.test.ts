import { expect, it } from 'vitest';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { addWorker, claim, expireWorker, plain } from '../support/verbs.ts';
import { watch } from './support.ts';

const NOW = { retry: { attempts: 1 } };

/** Succeeds or fails as it is told. */
const obedient = (type: string, everyMs?: number) =>
  job(
    type,
    (_ctx, { fails }) => {
      if (fails) throw new Error('no luck');
      return null;
    },
    { ...NOW, ...(everyMs === undefined ? {} : { health: { everyMs } }) },
  );

const HALF_HOUR = 35 * 60_000;

anyBackend('the health of jobs', (fresh) => {
  it('a window: fires once, repeats hourly, and is over by itself', async () => {
    const { humdrum, at } = await watch(await fresh(), [obedient('test.half', HALF_HOUR)]);
    await humdrum.enqueue('test.half');
    expect(await at('09:05')).toEqual([]);
    expect(await at('09:35')).toEqual([]);
    expect(await at('09:45')).toEqual(['fired late test.half warning']);
    expect(await at('09:50')).toEqual([]);
    expect(await at('10:40')).toEqual([]);
    expect(await at('10:45')).toEqual(['repeated late test.half warning']);
    await humdrum.enqueue('test.half', { fails: true });
    expect(await at('10:50')).toEqual([]);
    await humdrum.enqueue('test.half');
    await humdrum.drain();
    expect(await at('10:55')).toEqual(['resolved late test.half warning']);
    expect(await at('11:00')).toEqual([]);
  });

  it('a type that has never run since it was first seen', async () => {
    const { humdrum, at } = await watch(await fresh(), [obedient('test.half', HALF_HOUR)]);
    expect(await at('09:35')).toEqual([]);
    await humdrum.register(); // It is not seen for the first time again.
    expect(await at('09:40')).toEqual(['fired never-ran test.half warning']);
    await humdrum.enqueue('test.half');
    await humdrum.drain();
    expect(await at('09:45')).toEqual(['resolved never-ran test.half warning']);
  });

  it('looks every five minutes, also at schedules whose jobs fail', async () => {
    const hourly = job('test.hourly', () => Promise.reject(new Error('no luck')), {
      ...NOW,
      schedule: { cron: '0 * * * *' },
      health: { everyMs: 65 * 60_000 },
    });
    const { humdrum, at } = await watch(await fresh(), [hourly]);
    const schedules = await humdrum.listSchedules();
    const check = schedules.find(({ schedule }) => schedule === 'humdrum.check-health');
    expect(check?.words).toBe('Every 5 minutes');
    expect(await at('10:00')).toEqual([]);
    expect(await at('10:05')).toEqual([]);
    expect(await at('10:10')).toEqual(['fired never-ran test.hourly warning']);
  });

  it('a schedule, where no window is declared', async () => {
    const hourly = job('test.hourly', () => null, { schedule: { cron: '0 * * * *' } });
    const { humdrum, at, moveTo } = await watch(await fresh(), [hourly]);
    expect(await at('10:00')).toEqual([]);
    await moveTo('11:15'); // Nobody is there at eleven.
    await humdrum.run('humdrum.check-health');
    expect(await at('11:16')).toEqual(['fired late test.hourly warning']);
    expect(await at('11:20')).toEqual(['resolved late test.hourly warning']);
    expect(await at('11:55')).toEqual([]);
  });

  it('fires once, also where two look at the same time', async () => {
    const db = await fresh();
    const { humdrum, at, moveTo } = await watch(db, [obedient('test.half', HALF_HOUR)]);
    await moveTo('09:40');
    await Promise.all([1, 2, 3].map(() => humdrum.run('humdrum.check-health')));
    expect(await at('09:41')).toEqual(['fired never-ran test.half warning']);
    const { rows } = await db.query('select notice from humdrum.alert_notice');
    expect(rows).toEqual([{ notice: 'fired' }]);
    expect(await at('09:45')).toEqual([]);
  });

  it('a rehearsal of the check tells what it would do, and does nothing', async () => {
    const db = await fresh();
    const { humdrum, at, moveTo } = await watch(db, [obedient('test.half', HALF_HOUR)]);
    await moveTo('09:40');
    const { tables } = await humdrum.rehearse('humdrum.check-health');
    expect(tables).toContainEqual({ table: 'humdrum.alert', inserted: 1, updated: 0, deleted: 0 });
    expect((await db.query('select id from humdrum.alert')).rows).toEqual([]);
    expect(await at('09:41')).toEqual(['fired never-ran test.half warning']);
  });

  it('outlives the process that found it', async () => {
    const first = await watch(await fresh(), [obedient('test.half', HALF_HOUR)]);
    expect(await first.at('09:40')).toEqual(['fired never-ran test.half warning']);
    await first.humdrum.stop();
    const second = await first.restart();
    expect(await second.at('09:45')).toEqual([]);
    expect(await second.at('10:40')).toEqual(['repeated never-ran test.half warning']);
    await second.humdrum.enqueue('test.half');
    await second.humdrum.drain();
    expect(await second.at('10:45')).toEqual(['resolved never-ran test.half warning']);
  });

  it('failures in a row: three make an alert, and each three more raise it', async () => {
    const { humdrum, at } = await watch(await fresh(), [obedient('test.type')]);
    const fail = async (times: number): Promise<void> => {
      await humdrum.enqueueMany(
        Array.from({ length: times }, () => ({ type: 'test.type', input: { fails: true } })),
      );
      await humdrum.drain();
    };
    await humdrum.enqueue('test.type');
    expect(await at('09:05')).toEqual([]);
    expect(await at('09:06')).toEqual([]); // What fails in the minute of a success is not counted.
    await fail(2);
    expect(await at('09:10')).toEqual([]);
    await fail(1);
    expect(await at('09:15')).toEqual(['fired failing test.type warning']);
    expect(await at('09:30')).toEqual([]);
    await fail(3);
    expect(await at('09:35')).toEqual(['escalated failing test.type error']);
    await fail(3);
    expect(await at('09:40')).toEqual(['escalated failing test.type critical']);
    await humdrum.enqueue('test.type');
    await humdrum.drain();
    expect(await at('09:45')).toEqual(['resolved failing test.type critical']);
  });

  it('attempts of one job make an alert that does not rise by them', async () => {
    const stubborn = job('test.stubborn', () => Promise.reject(new Error('no luck')), {
      retry: { attempts: 18, delayMs: 0 }, // Too few for a rate.
    });
    const { humdrum, at } = await watch(await fresh(), [stubborn]);
    await humdrum.enqueue('test.stubborn');
    await humdrum.drain({ maxAttempts: 12 });
    const [open] = await humdrum.listJobs({ type: 'test.stubborn' });
    expect(open).toMatchObject({ status: 'queued', attempts: 12 });
    expect(await at('09:05')).toEqual(['fired failing test.stubborn warning']);
    expect(await at('09:10')).toEqual([]);
    expect(await humdrum.listJobs({ status: 'failed' })).toHaveLength(1);
  });

  it('the failure rate of the last hour, of enough runs', async () => {
    const { humdrum, at } = await watch(await fresh(), [obedient('test.type')]);
    const run = async (good: number, bad: number): Promise<void> => {
      const fails = [...Array<boolean>(bad).fill(true), ...Array<boolean>(good).fill(false)];
      await humdrum.enqueueMany(
        fails.map((each) => ({ type: 'test.type', input: { fails: each } })),
      );
      await humdrum.drain();
    };
    await run(17, 2);
    expect(await at('09:05')).toEqual([]);
    await run(0, 1);
    expect(await at('09:10')).toEqual(['fired failure-rate test.type warning']);
    await run(10, 0);
    expect(await at('09:15')).toEqual(['resolved failure-rate test.type warning']);
    await run(0, 2);
    expect(await at('09:20')).toEqual(['fired failure-rate test.type warning']);
    expect(await at('10:30')).toEqual(['resolved failure-rate test.type warning']);
  });

  it('a run that goes on for more than twice the usual time, or has', async () => {
    const db = await fresh();
    const { humdrum, at } = await watch(db, [plain]);
    await humdrum.enqueueMany(Array.from({ length: 20 }, () => ({ type: plain })));
    expect(await at('09:05')).toEqual([]);
    const worker = await addWorker(db);
    await humdrum.enqueue(plain);
    expect(await claim(db, worker)).toHaveLength(1);
    expect(await at('09:10')).toEqual(['fired overrun test.plain warning']);
    expect(await at('09:15')).toEqual([]);
    await expireWorker(db, worker); // It has ended by that, and the next attempt ends at once.
    expect(await at('09:16')).toEqual([]);
    expect(await at('09:20')).toEqual(['fired dead-workers workers warning']);
    expect(await at('09:25')).toEqual(['resolved overrun test.plain warning']);
  });

  it('a run that is longer than was expected of it', async () => {
    const db = await fresh();
    const expected = job('test.plain', () => null, { health: { expectMs: 360_000 } });
    const { humdrum, at } = await watch(db, [expected]);
    const worker = await addWorker(db);
    await humdrum.enqueue(expected);
    expect(await claim(db, worker)).toHaveLength(1);
    expect(await at('09:05')).toEqual([]);
    expect(await at('09:10')).toEqual(['fired slow test.plain notice']);
  });

  it('a queue in which the first waits too long', async () => {
    const db = await fresh();
    const { at } = await watch(db, []);
    const other = await openEngine(db, { jobs: [job('test.strange', () => null)] });
    await other.humdrum.enqueue('test.strange');
    expect(await at('09:15')).toEqual([]);
    expect(await at('09:20')).toEqual(['fired queue-age queue:default warning']);
    await other.humdrum.drain();
    expect(await at('09:25')).toEqual(['resolved queue-age queue:default warning']);
  });

  it('workers that have died, and not those that have left', async () => {
    const db = await fresh();
    const { humdrum, at } = await watch(db, [plain]);
    await humdrum.enqueue(plain);
    expect(await at('09:05')).toEqual([]);
    await expireWorker(db, await addWorker(db, 'test-host:1'));
    expect(await at('09:10')).toEqual(['fired dead-workers workers warning']);
    expect(await at('09:25')).toEqual(['resolved dead-workers workers warning']);
  });

  it('jobs that are held by a worker that is gone', async () => {
    const db = await fresh();
    const { humdrum, at, moveTo } = await watch(db, [plain]);
    const worker = await addWorker(db);
    await humdrum.enqueue(plain);
    expect(await claim(db, worker)).toHaveLength(1);
    await expireWorker(db, worker);
    await moveTo('09:02');
    await humdrum.run('humdrum.check-health'); // By itself, without a worker that rescues.
    expect(await at('09:03')).toEqual([
      'fired stuck-leases workers warning',
      'fired dead-workers workers warning',
    ]);
    expect(await at('09:10')).toContain('resolved stuck-leases workers warning');
  });
});
