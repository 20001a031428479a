import { expect, it } from 'vitest';
import { anyBackend } from '../support/databases.ts';
import { job } from '../support/engine.ts';
import { openKit } from './support.ts';

anyBackend('runTick', (fresh) => {
  const weekly = job('test.weekly', (ctx) => ctx.now.toISOString(), {
    schedule: { cron: '0 10 * * mon' },
  });

  it('moves the clock to the next tick, and runs its job', async () => {
    const humdrum = await openKit(fresh, { jobs: [weekly] });
    const first = await humdrum.runTick(weekly);
    expect(first).toMatchObject({
      tick: new Date('2026-03-02T10:00:00Z'),
      jobs: [{ type: 'test.weekly', status: 'completed', schedule: 'test.weekly' }],
      ran: [{ result: '2026-03-02T10:00:00.000Z' }],
    });
    expect(humdrum.clock.now()).toEqual(first.tick);
    expect((await humdrum.runTick('test.weekly')).tick).toEqual(new Date('2026-03-09T10:00:00Z'));
  });

  it('goes to the tick that it is told, over missed ones as the schedule says', async () => {
    const each = { cron: '0 10 * * mon', misfire: 'each' } as const;
    const every = job('test.every', (ctx) => ctx.now.getUTCDate(), { schedule: each });
    const humdrum = await openKit(fresh, { jobs: [weekly, every] });
    const { jobs, ran } = await humdrum.runTick(every, '2026-03-16T10:00:00Z');
    expect(jobs).toHaveLength(3);
    expect(ran.filter(({ type }) => type === 'test.every').map(({ result }) => result)).toEqual([
      2, 9, 16,
    ]);
    expect(ran.filter(({ type }) => type === 'test.weekly')).toMatchObject([
      { result: '2026-03-16T10:00:00.000Z' },
    ]);
  });

  it('refuses an instant that is no tick or has passed, and a type without a schedule', async () => {
    const plain = job('test.plain', () => null);
    const humdrum = await openKit(fresh, { jobs: [weekly, plain] });
    await expect(humdrum.runTick(weekly, '2026-03-02T10:30:00Z')).rejects.toMatchObject({
      code: 'input-invalid',
      message:
        'The schedule of test.weekly has no tick at 2026-03-02T10:30:00.000Z. The next tick after that is at 2026-03-09T10:00:00.000Z.',
    });
    await expect(humdrum.runTick(weekly, '2026-02-23T10:00:00Z')).rejects.toMatchObject({
      message: expect.stringContaining(
        'The next tick of test.weekly is at 2026-03-02T10',
      ) as string,
    });
    await expect(humdrum.runTick(plain)).rejects.toMatchObject({ code: 'input-invalid' });
  });

  it('waits for a job that jitter puts off', async () => {
    const jittery = job('test.jittery', (ctx) => ctx.now.toISOString(), {
      schedule: { cron: '0 10 * * *', jitterMs: 600_000 },
    });
    const humdrum = await openKit(fresh, { jobs: [jittery] });
    const { tick, ran } = await humdrum.runTick(jittery);
    expect(ran).toMatchObject([{ result: '2026-03-02T10:00:00.000Z' }]);
    expect(humdrum.clock.now() > tick).toBe(true);
  });

  it('throws for a tick’s job that failed', async () => {
    const broken = job(
      'test.broken',
      () => {
        throw new Error('no board');
      },
      { schedule: { cron: '0 10 * * *' } },
    );
    const humdrum = await openKit(fresh, { jobs: [broken] });
    await expect(humdrum.runTick(broken)).rejects.toThrow(
      /job 1 test\.broken, attempt 5: Error: no board/,
    );
    const { failed } = await humdrum.runTick(broken, null, { throwOnFailure: false });
    expect(failed).toBeGreaterThan(0);
  });

  it('fires no tick of the engine’s own schedules', async () => {
    const humdrum = await openKit(fresh, { jobs: [weekly] });
    await humdrum.clock.advance({ days: 6 });
    expect((await humdrum.drain()).ran.map(({ type }) => type)).toEqual(['test.weekly']);
  });
});
