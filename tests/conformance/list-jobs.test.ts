import { beforeEach, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Database } from '../../src/database/database.ts';
import { claimNext } from '../../src/engine/transitions/claim.ts';
import { rollUp } from '../../src/engine/statistics/roll-up.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import {
  HumdrumError,
  STATUSES,
  type Humdrum,
  type Json,
  type JobSummary,
  type ListOptions,
} from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, completed, failed } from '../support/verbs.ts';

const attributes = ['tenant', 'order.region'];
const retry = { attempts: 2, delayMs: 0 };
const TYPES = [
  job('test.mail', () => null, { attributes, retry }),
  job('test.sync', () => null, { attributes, queue: 'sync', retry }),
  job('test.rare', () => null, { attributes: ['tenant'], retry }),
  job('test.plain', () => null, { retry }),
  job('test.tick', () => null, { schedule: { cron: '0 * * * *' } }),
];
const NAMES = ['test.mail', 'test.sync', 'test.plain'];
const QUEUES = ['default', 'sync'];
const TENANTS = ['acme', 'big=corp', '7'];
const ERRORS = ['Timeout', 'TypeError'];
// Some of it before midnight, some after.
const START = Date.parse('2026-03-01T23:55:00Z');
const MINUTE_MS = 60_000;

/** A queue that is too long to be looked through whole. */
const LONG = 21_000;
const plainJob = () => ({ type: 'test.plain', input: { tenant: 'acme' } });

const SEED = Number(process.env['HUMDRUM_MODEL_SEED'] ?? Date.now() % 2 ** 31);

const one = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.subarray([...values], { minLength: 1 });
const instant = fc
  .integer({ min: -2, max: 14 })
  .map((minutes) => new Date(START + minutes * MINUTE_MS + 1_000));
const pair = fc
  .uniqueArray(instant, { minLength: 2, maxLength: 2, selector: Number })
  .map((two) => two.toSorted((a, b) => Number(a) - Number(b)));
/** At most three of them at once: more fit nothing. */
const PARTS: fc.Arbitrary<ListOptions>[] = [
  fc.record({ status: fc.oneof(one(STATUSES), some(STATUSES)) }),
  fc.record({
    type: fc.oneof(one(NAMES), some([...NAMES, 'test.none']), fc.constant('test.rare')),
  }),
  fc.record({ queue: one(QUEUES) }),
  fc.oneof(
    instant.map((createdFrom) => ({ createdFrom })),
    instant.map((createdTo) => ({ createdTo })),
  ),
  pair.map(([finishedFrom, finishedTo]) => ({ finishedFrom, finishedTo }) as ListOptions),
  fc.oneof(
    instant.map((finishedFrom) => ({ finishedFrom })),
    instant.map((finishedTo) => ({ finishedTo })),
  ),
  fc.oneof(
    fc.record({ attributes: fc.record({ tenant: one(TENANTS) }) }),
    fc.record({
      attributes: fc.record({ tenant: one(TENANTS), 'order.region': one(['eu', 'us']) }),
    }),
  ),
  fc.record({ errorClass: one([...ERRORS, 'Other']) }),
  fc.record({ schedule: one(['test.tick', 'test.none']) }),
];
const query: fc.Arbitrary<ListOptions> = fc
  .tuple(fc.subarray(PARTS, { maxLength: 3 }), one(['newest', 'oldest'] as const))
  .chain(([parts, order]) =>
    fc.tuple(...parts).map((given) => ({ order, ...(Object.assign({}, ...given) as ListOptions) })),
  )
  .filter(
    ({ type, attributes: given }) =>
      !given || type === undefined || declaring(type, Object.keys(given)).length > 0,
  )
  .filter(({ finishedFrom: from, finishedTo: to }) => !from || !to || from < to);

function declaring(type: ListOptions['type'], paths: string[]): string[] {
  return TYPES.filter(
    (known) =>
      [type].flat().includes(known.type) && paths.every((path) => known.attributes.includes(path)),
  ).map((known) => known.type);
}

type Stored = JobSummary & { input: Json; lastError: string | null };

eachBackend('a list of jobs', (fresh, backend) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, new Date(START).toISOString());
    ({ humdrum } = await openEngine(db, { jobs: TYPES }));
    await humdrum.register();
  });

  /** Jobs of all kinds in all places, their ids far apart now and then. */
  const fill = async (random: () => number, perRound: number, queue: number): Promise<void> => {
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
    const worker = await addWorker(db);
    for (let round = 0; round < 10; round += 1) {
      await moveTo(new Date(START + round * MINUTE_MS).toISOString());
      const requests = Array.from({ length: perRound }, () => ({
        type: random() < 0.01 ? 'test.rare' : pick(NAMES),
        input: {
          tenant: random() < 0.02 ? 7 : pick(TENANTS),
          order: { region: pick(['eu', 'us']) },
        },
        ...(random() < 0.05 ? { delayMs: 3_600_000 } : {}),
      }));
      const ids = await humdrum.enqueueMany(requests);
      if (round === 2) await humdrum.enqueueMany(Array.from({ length: queue }, plainJob));
      if (round === 4)
        await humdrum.backfill('test.tick', {
          from: new Date(START - 86_400_000),
          to: new Date(START),
        });
      for (const from of QUEUES) {
        const types = TYPES.map(({ type }) => type);
        const { jobs } = await claimNext(db, worker, {
          queue: from,
          types,
          limit: Math.ceil(perRound / 2),
        });
        const ended = jobs
          .filter(() => round < 9)
          .map((claimed) => {
            if (random() < 0.7) return completed(claimed);
            const settlement = failed(claimed, random() < 0.5);
            const error = { class: pick(ERRORS), message: 'no luck', stack: null };
            return {
              ...settlement,
              outcome: {
                ...settlement.outcome,
                ended: { error, permanent: random() < 0.5, retryAfterMs: null },
              },
            };
          });
        if (ended.length > 0)
          await settle(db, ended, [...new Set(ended.map(({ job: { leaseId } }) => leaseId))]);
      }
      for (const id of ids) if (random() < 0.02) await humdrum.cancel(id).catch(() => undefined);
      if (random() < 0.5)
        await db.query(`select setval('humdrum.job_id', nextval('humdrum.job_id') + $1)`, [
          Math.floor(random() * 4_000),
        ]);
      if (random() < 0.7) await rollUp(db);
    }
  };

  const stored = async (): Promise<Stored[]> => {
    const { rows } = await db.query<Stored>(
      `select jobs.*, finished_at as "finishedAt", created_at as "createdAt", error_class as "lastError" from humdrum.jobs order by id`,
    );
    return rows;
  };

  it(
    `pages through exactly what fits, while jobs are added (seed ${SEED})`,
    { timeout: 240_000 },
    async () => {
      let state = SEED;
      const random = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
      await (backend === 'pglite' ? fill(random, 200, 0) : fill(random, 600, LONG));
      await db.query('analyze');
      const all = await stored();
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
      await fc.assert(property, { seed: SEED, numRuns: 15 });
      expect(listed).toBeGreaterThan(1_000);
    },
  );

  const fits = (row: Stored, options: ListOptions): boolean => {
    const {
      status,
      type,
      queue,
      createdFrom,
      createdTo,
      finishedFrom,
      finishedTo,
      errorClass,
      schedule,
    } = options;
    const input = row.input as { tenant?: unknown; order?: { region?: unknown } };
    const { tenant, 'order.region': region } = options.attributes ?? {};
    const declares = TYPES.find((known) => known.type === row.type)?.attributes ?? [];
    return (
      (status === undefined || [status].flat().includes(row.status)) &&
      (type === undefined || [type].flat().includes(row.type)) &&
      (queue === undefined || queue === row.queue) &&
      (!createdFrom || row.createdAt >= createdFrom) &&
      (!createdTo || row.createdAt < createdTo) &&
      (!finishedFrom || (row.finishedAt !== null && row.finishedAt >= finishedFrom)) &&
      (!finishedTo || (row.finishedAt !== null && row.finishedAt < finishedTo)) &&
      (errorClass === undefined || row.lastError === errorClass) &&
      (schedule === undefined || row.schedule === schedule) &&
      Object.keys(options.attributes ?? {}).every((path) => declares.includes(path)) &&
      (tenant === undefined || String(input.tenant) === tenant) &&
      (region === undefined || String(input.order?.region) === region)
    );
  };

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
