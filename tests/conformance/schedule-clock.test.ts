import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';

eachBackend('a clock that is set back by an hour', (fresh) => {
  let db: Database;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:07:00Z');
  });

  const half = job('test.half', (ctx) => ctx.now.toISOString(), {
    schedule: { cron: '*/30 * * * *' },
  });

  const results = (ran: readonly { result: unknown }[]): unknown[] =>
    ran.map(({ result }) => result);

  it('holds up no schedule, and no instant runs twice', async () => {
    const { humdrum } = await openEngine(db, { jobs: [half] });
    await humdrum.drain();
    await moveTo('2026-03-01T10:31:00Z');
    expect(results((await humdrum.drain()).ran)).toEqual(['2026-03-01T10:30:00.000Z']);
    await moveTo('2026-03-01T09:31:00Z');
    expect((await humdrum.drain()).ran).toEqual([]);
    expect((await humdrum.nextTicks()).map(({ nextAt }) => nextAt)).toEqual([
      new Date('2026-03-01T10:00:00Z'),
    ]);
    await moveTo('2026-03-01T10:01:00Z');
    expect(results((await humdrum.drain()).ran)).toEqual(['2026-03-01T10:00:00.000Z']);
    await moveTo('2026-03-01T10:31:00Z');
    expect((await humdrum.drain()).ran).toEqual([]); // It ran before the step.
    await moveTo('2026-03-01T11:01:00Z');
    expect(results((await humdrum.drain()).ran)).toEqual(['2026-03-01T11:00:00.000Z']);
  });

  it('holds up no schedule that has not fired yet', async () => {
    const { humdrum } = await openEngine(db, { jobs: [half] });
    await humdrum.register();
    await moveTo('2026-03-01T09:07:00Z');
    await humdrum.drain();
    await moveTo('2026-03-01T09:30:00Z');
    expect(results((await humdrum.drain()).ran)).toEqual(['2026-03-01T09:30:00.000Z']);
  });

  it('holds up no dry run', async () => {
    const secondly = job('test.second', () => null, { schedule: { cron: '* * * * * *' } });
    const { humdrum, events } = await openEngine(db, { jobs: [secondly], dryRun: true });
    await moveTo('2026-03-01T10:29:59.95Z');
    await humdrum.start();
    const steppedTo = Date.parse('2026-02-01T09:00:00Z');
    for (let second = 0; events.count('rehearsed') === 0; second += 1) {
      await moveTo(new Date(steppedTo + second * 1_000).toISOString());
    }
    await humdrum.stop();
    const { plan } = events.all.find((event) => event.event === 'rehearsed') ?? {};
    expect(plan?.at.slice(0, 10)).toBe('2026-02-01');
  });
});
