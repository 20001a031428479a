import { expect, it } from 'vitest';
import { eachBackend } from '../support/databases.ts';
import { job, makeWitness, witnessed } from '../support/engine.ts';
import { openKit } from './support.ts';

eachBackend('performJob', (fresh) => {
  it('answers the result, the effects, the rows that changed and the log', async () => {
    const write = job('test.write', async (ctx, { word }) => {
      await ctx.db.query('insert into witness values ($1)', [word]);
      ctx.emit('test.written', { word: word as string });
      ctx.log('written');
      return ctx.now.toISOString();
    });
    const humdrum = await openKit(fresh, { jobs: [write] });
    await makeWitness(humdrum.database);
    const performed = await humdrum.performJob(write, { word: 'here' });
    expect(performed).toEqual({
      id: 1,
      status: 'completed',
      result: '2026-03-02T09:00:00.000Z',
      error: null,
      effects: [{ kind: 'event', name: 'test.written', data: { word: 'here' } }],
      tables: [expect.objectContaining({ table: 'public.witness', inserted: 1 })],
      log: [{ message: 'written' }],
    });
    expect(await witnessed(humdrum.database)).toEqual(['here']);
    expect(await humdrum.showJob(1)).toMatchObject({ status: 'completed' });
  });

  it('shows the handler another now, and moves the clock there if that is to come', async () => {
    const tell = job('test.tell', (ctx) => ctx.now.toISOString());
    const humdrum = await openKit(fresh, { jobs: [tell] });
    const before = await humdrum.performJob(tell, {}, { now: '2026-01-01T00:00:00Z' });
    expect(before.result).toBe('2026-01-01T00:00:00.000Z');
    expect(humdrum.clock.now()).toEqual(new Date('2026-03-02T09:00:00Z'));
    const after = await humdrum.performJob(tell, {}, { now: '2026-03-03T00:00:00Z' });
    expect(after.result).toBe('2026-03-03T00:00:00.000Z');
    expect(humdrum.clock.now()).toEqual(new Date('2026-03-03T00:00:00Z'));
  });

  it('throws where the handler fails, or answers the error', async () => {
    const fail = job('test.fail', () => {
      throw new TypeError('no player');
    });
    const humdrum = await openKit(fresh, { jobs: [fail] });
    await expect(humdrum.performJob(fail, {})).rejects.toMatchObject({
      name: 'AssertionError',
      cause: { name: 'TypeError', message: 'no player' },
    });
    expect(await humdrum.performJob(fail, {}, { throwOnFailure: false })).toMatchObject({
      status: 'failed',
      result: null,
      error: { class: 'TypeError', message: 'no player' },
    });
  });
});
