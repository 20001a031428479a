import { beforeEach, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Database } from '../../src/database/database.ts';
import { rollUp } from '../../src/engine/statistics/roll-up.ts';
import { HumdrumError, type Humdrum } from '../../src/index.ts';
import { ALL, anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import {
  fill,
  fits,
  NAMES,
  query,
  seeded,
  START,
  storedJobs,
  TYPES,
} from '../support/random-jobs.ts';

/** A queue that is too long to be looked through whole. */
const LONG = 21_000;
const SEED = Number(process.env['HUMDRUM_MODEL_SEED'] ?? Date.now() % 2 ** 31);

anyBackend('a list of jobs', (fresh, backend) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, new Date(START).toISOString());
    ({ humdrum } = await openEngine(db, { jobs: TYPES }));
    await humdrum.register();
  });

  it(
    `pages through exactly what fits, while jobs are added (seed ${SEED})`,
    { timeout: 240_000 },
    async () => {
      const size =
        backend === 'pglite'
          ? { perRound: 200, queue: 0 }
          : { perRound: ALL ? 600 : 300, queue: LONG };
      await fill({ db, humdrum, moveTo }, { random: seeded(SEED), ...size });
      await db.query('analyze');
      const all = await storedJobs(db);
      const latest = all.at(-1)?.id ?? 0;
      let listed = 0;
      const property = fc.asyncProperty(
        query,
        fc.integer({ min: 1, max: 60 }),
        async (options, limit) => {
          const there = all.filter((row) => fits(row, options)).map(({ id }) => id);
          const expected = options.order === 'oldest' ? there : there.toReversed();
          const found: number[] = [];
          let after: string | null = null;
          let pages = 0;
          do {
            const page = await humdrum.pageOfJobs({
              ...options,
              limit: Math.min(limit * 5 ** pages, 1_000),
              ...(after ? { after } : {}),
            });
            found.push(...page.jobs.map(({ id }) => id));
            after = page.next;
            if (pages < 2)
              await humdrum.enqueue(NAMES[pages] ?? '', {
                tenant: 'acme',
                order: { region: 'eu' },
              });
            if (pages === 1) await rollUp(db);
            pages += 1;
          } while (after !== null);
          expect(found.filter((id) => id <= latest)).toEqual(expected);
          expect(found).toEqual(
            found.toSorted((a, b) => (options.order === 'oldest' ? a - b : b - a)),
          );
          expect(new Set(found).size).toBe(found.length);
          listed += found.length;
        },
      );
      await fc.assert(property, { seed: SEED, numRuns: ALL ? 15 : 8 });
      expect(listed).toBeGreaterThan(1_000);
    },
  );

  it('knows jobs by attributes from when they were declared on, and looks at all others', async () => {
    const before = job('test.late', () => null);
    const after = job('test.late', () => null, { attributes: ['tenant'] });
    const { humdrum: early } = await openEngine(db, { jobs: [before] });
    const ids = await early.enqueueMany([
      { type: before, input: { tenant: 'acme' } },
      { type: before, input: { tenant: 'b' } },
    ]);
    await rollUp(db);
    await expect(
      humdrum.pageOfJobs({ attributes: { tenant: 'acme' }, type: 'test.late' }),
    ).rejects.toMatchObject({ code: 'attribute-unknown' });
    const { humdrum: late } = await openEngine(db, { jobs: [after] });
    await late.register();
    ids.push((await late.enqueue(after, { tenant: 'acme' })).id);
    await rollUp(db);
    const seen = await late.listJobs({ attributes: { tenant: 'acme' } });
    expect(seen.map(({ id }) => id)).toEqual([ids[2], ids[0]]);
  });

  it('tells what is wrong with a question', async () => {
    const wrong = async (options: object) =>
      humdrum.pageOfJobs(options).then(
        () => 'nothing',
        (error: unknown) => (error instanceof HumdrumError ? error.code : error),
      );
    expect(await wrong({ status: 'paused' })).toBe('filter-invalid');
    expect(await wrong({ status: [] })).toBe('filter-invalid');
    expect(await wrong({ order: 'sideways' })).toBe('filter-invalid');
    expect(await wrong({ createdFrom: new Date('x') })).toBe('filter-invalid');
    expect(await wrong({ createdFrom: new Date(START), createdTo: new Date(START) })).toBe(
      'filter-invalid',
    );
    expect(await wrong({ attributes: { nobody: 1 } })).toBe('attribute-unknown');
    expect(await wrong({ attributes: { tenant: 'x'.repeat(201) } })).toBe('filter-invalid');
    expect(await wrong({ after: 'hello' })).toBe('cursor-invalid');
    await humdrum.enqueueMany([{ type: 'test.mail' }, { type: 'test.mail' }]);
    const { next } = await humdrum.pageOfJobs({ limit: 1 });
    expect(await wrong({ after: next, order: 'oldest' })).toBe('cursor-invalid');
    expect(await wrong({ after: next, type: 'test.mail' })).toBe('cursor-invalid');
    expect(
      (await humdrum.pageOfJobs({ limit: 5, ...(next && { after: next }) })).jobs,
    ).toHaveLength(1);
    expect((await humdrum.pageOfJobs({ ids: [1, 2, 99] })).jobs.map(({ id }) => id)).toEqual([
      2, 1,
    ]);
  });
});
