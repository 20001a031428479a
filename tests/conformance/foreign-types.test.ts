import { expect, it } from 'vitest';
import { findDueWork } from '../../src/engine/upkeep/due-work.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const foreign = job('a.work', () => null);
const own = job('b.work', () => null);

eachBackend('behind many jobs of types that a process does not know', (fresh) => {
  it('a drain finds its own, and ends', async () => {
    const db = await fresh();
    const a = await openEngine(db, { jobs: [foreign] });
    await a.humdrum.enqueueMany(Array.from({ length: 150 }, () => ({ type: foreign })));
    const b = await openEngine(db, { jobs: [own] });
    expect((await b.humdrum.drain()).ran).toEqual([]);
    await b.humdrum.enqueue(own, {});
    const { ran, idle } = await b.humdrum.drain();
    expect(ran.map(({ type }) => type)).toEqual(['b.work']);
    expect(idle).toBe(true);
  });

  it('upkeep sends a worker to look, and not where it has seen them all', async () => {
    const db = await fresh();
    const a = await openEngine(db, { jobs: [foreign] });
    const b = await openEngine(db, { jobs: [own] });
    const { types } = b.humdrum;
    const ready = async () => (await findDueWork(db, { queues: ['default'], types })).ready;
    await a.humdrum.enqueueMany(Array.from({ length: 100 }, () => ({ type: foreign })));
    expect(await ready()).toBe(false);
    await b.humdrum.enqueue(own, {});
    expect(await ready()).toBe(true);
  });
});
