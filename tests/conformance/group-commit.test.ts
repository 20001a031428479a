import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const numbered = job('test.numbered', () => null);

eachBackend('jobs that are enqueued at the same time', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;

  beforeEach(async () => {
    db = await fresh();
    ({ humdrum } = await openEngine(db, { jobs: [numbered] }));
  });

  const stored = async (): Promise<{ id: number; n: number; tx: string }[]> => {
    const { rows } = await db.query<{ id: number; n: number; tx: string }>(
      `select id, (input ->> 'n')::integer as n, xmin::text as tx from humdrum.job order by id`,
    );
    return rows;
  };

  it('share a commit, and each caller has the answer to its own', async () => {
    const asked = Array.from({ length: 100 }, (_, n) =>
      n % 10 === 0
        ? humdrum.enqueueMany([numbered, numbered].map((type) => ({ type, input: { n } })))
        : humdrum.enqueue(numbered, { n }).then(({ id }) => [id]),
    );
    const answers = await Promise.all(asked);
    const rows = await stored();
    expect(rows).toHaveLength(110);
    expect(new Set(rows.map(({ tx }) => tx)).size).toBe(1);
    const numberOf = new Map(rows.map(({ id, n }) => [id, n]));
    expect(answers.map((ids) => ids.map((id) => numberOf.get(id)))).toEqual(
      answers.map((ids, n) => ids.map(() => n)),
    );
  });

  it('do not fail for one of them that cannot be stored', async () => {
    const answers = await Promise.allSettled([
      humdrum.enqueue(numbered, { n: 1 }),
      humdrum.enqueue(numbered, { n: 2 }, { seed: 'no text in SQL: \0' }),
      humdrum.enqueue(numbered, { n: 3 }, { priority: 1_000_000 }),
      humdrum.enqueue(numbered, { n: 4 }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect((await stored()).map(({ n }) => n)).toEqual([1, 4]);
  });

  it('have the same key once', async () => {
    const asked = Array.from({ length: 10 }, () =>
      humdrum.enqueue(numbered, { n: 0 }, { unique: { key: 'one' } }),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  });

  it('belong to the transaction that they are enqueued in', async () => {
    const undone = db.transaction(async () => {
      await humdrum.enqueue(numbered, { n: 1 });
      throw new Error('undone');
    });
    await Promise.allSettled([undone, humdrum.enqueue(numbered, { n: 2 })]);
    expect((await stored()).map(({ n }) => n)).toEqual([2]);
  });

  it('are many, and still in order', async () => {
    const ids = await Promise.all(
      Array.from({ length: 3 }, (_, n) =>
        humdrum.enqueueMany(
          Array.from({ length: 3_000 }, () => ({ type: numbered, input: { n } })),
        ),
      ),
    );
    const flat = ids.flat();
    expect(flat).toEqual(flat.toSorted((a, b) => a - b));
    expect((await stored()).map(({ n }) => n)).toEqual(flat.map((_, at) => Math.floor(at / 3_000)));
  });
});
