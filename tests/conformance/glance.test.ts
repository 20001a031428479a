import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { glance } from '../../src/engine/glance.ts';
import { Registry } from '../../src/engine/registry.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, plain } from '../support/verbs.ts';

eachBackend('a look at what there is to do', (fresh) => {
  it('knows when the next lease passes, of those workers that hold one', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    const { humdrum } = await openEngine(db, { jobs: [plain] });
    const untilLost = async (): Promise<number | null> =>
      (await glance(db, { queues: ['default'], types: new Registry([plain]) })).lostMs;

    const [forEver, , long, short] = await workersUntil(db, [
      'infinity',
      '2026-03-01T10:00:05Z',
      '2026-03-01T10:02:00Z',
      '2026-03-01T10:01:00Z',
    ]);
    const hold = async (worker = 0): Promise<void> => {
      await humdrum.enqueue(plain, {});
      expect(await claim(db, worker, 1)).toHaveLength(1);
    };
    expect(await untilLost()).toBeNull();
    await hold(forEver);
    expect(await untilLost()).toBeNull();
    await hold(long);
    expect(await untilLost()).toBe(120_000);
    await hold(short);
    expect(await untilLost()).toBe(60_000);
    await moveTo('2026-03-01T10:01:02Z');
    expect(await untilLost()).toBe(-2_000);
  });
});

async function workersUntil(db: Database, ends: readonly string[]): Promise<number[]> {
  const ids: number[] = [];
  for (const end of ends) {
    const id = await addWorker(db);
    await db.query('update humdrum.worker set expires_at = $2 where id = $1', [id, end]);
    ids.push(id);
  }
  return ids;
}
