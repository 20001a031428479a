import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { cancelOverdue } from '../../src/engine/transitions/cancel.ts';
import { claimOne } from '../../src/engine/transitions/claim.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, failed, plain } from '../support/verbs.ts';

eachBackend('when a job is due', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;
  let worker: number;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    ({ humdrum } = await openEngine(db, { jobs: [plain] }));
    worker = await addWorker(db);
  });

  const claimed = async (limit?: number): Promise<number[]> =>
    (await claim(db, worker, limit)).map(({ id }) => id);

  it('counts a delay on the clock of the database', async () => {
    const { id } = await humdrum.enqueue(plain, {}, { delayMs: 60_000 });
    expect((await humdrum.showJob(id)).runAt).toEqual(new Date('2026-03-01T10:01:00Z'));
    await moveTo('2026-03-01T10:00:59Z');
    expect(await promote(db)).toEqual({ promoted: 0, nextMs: 1_000 });
    await moveTo('2026-03-01T10:01:00Z');
    await promote(db);
    expect(await claimed()).toEqual([id]);
  });

  it('takes the more urgent first, and lets nothing starve', async () => {
    const enqueue = async (priority: number): Promise<number> =>
      (await humdrum.enqueue(plain, {}, { priority })).id;
    const low = await enqueue(5);
    const normal = await enqueue(0);
    const high = await enqueue(-5);
    expect(await claimed(1)).toEqual([high]);
    await moveTo('2026-03-01T10:04:00Z');
    const urgent = await enqueue(-1);
    expect(await claimed(1)).toEqual([normal]); // It has waited for four minutes, which are worth four points.
    await moveTo('2026-03-01T10:06:00Z');
    const late = await enqueue(0);
    expect(await claimed()).toEqual([urgent, low, late]);
  });

  it('cancels what has not started in time, and never starts it', async () => {
    const startBy = new Date('2026-03-01T10:05:00Z');
    const { id } = await humdrum.enqueue(plain, {}, { startBy });
    const { id: waiting } = await humdrum.enqueue(plain, {}, { startBy, delayMs: 600_000 });
    await moveTo('2026-03-01T10:04:59Z');
    expect(await cancelOverdue(db, 'worker:1')).toBe(0);
    await moveTo('2026-03-01T10:05:00Z');
    expect(await claimed()).toEqual([]);
    expect(await claimOne(db, worker, id)).toBeNull();
    expect(await cancelOverdue(db, 'worker:1')).toBe(2);
    for (const each of [id, waiting]) {
      const { status, audit } = await humdrum.showJob(each);
      expect(status).toBe('cancelled');
      expect(audit.at(-1)).toMatchObject({
        actor: 'worker:1',
        reason: 'it had not started in time',
      });
    }
  });

  it('asks no second attempt to start in time', async () => {
    const startBy = new Date('2026-03-01T10:05:00Z');
    const { id } = await humdrum.enqueue(plain, {}, { startBy });
    await settle(
      db,
      (await claim(db, worker)).map((one) => failed(one)),
      [],
    );
    await moveTo('2026-03-01T11:00:00Z');
    await promote(db);
    expect(await cancelOverdue(db, 'worker:1')).toBe(0);
    expect(await claimed()).toEqual([id]);
  });

  it.each([
    [{ delayMs: -1 }, /delayMs/],
    [{ delayMs: 1.5 }, /delayMs/],
    [{ startBy: new Date('never') }, /startBy is not a valid date/],
    [{ runAt: new Date('2027-01-01'), delayMs: 5 }, /runAt or delayMs, not both/],
  ])('refuses %j', async (options, message) => {
    await expect(humdrum.enqueue(plain, {}, options)).rejects.toThrow(message);
  });
});
