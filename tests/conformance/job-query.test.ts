import fc from 'fast-check';
import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import {
  allowedActions,
  HumdrumError,
  type Action,
  type Humdrum,
  type JobFilter,
  type JobQuery,
  type JobSummary,
} from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { fill, fits, query, seeded, START, storedJobs, TYPES } from '../support/random-jobs.ts';

const SEED = Number(process.env['HUMDRUM_MODEL_SEED'] ?? Date.now() % 2 ** 31);

const broken = job(
  'test.broken',
  () => {
    throw new TypeError('it broke');
  },
  { retry: { attempts: 1 }, attributes: ['tenant'] },
);

const idsOf = (jobs: readonly JobSummary[]): number[] => jobs.map(({ id }) => id);

anyBackend('one query for lists and bulk acts', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, new Date(START).toISOString());
    ({ humdrum } = await openEngine(db, { jobs: [...TYPES, broken] }));
    await humdrum.register();
  });

  const listAll = async (asked: JobQuery): Promise<JobSummary[]> => {
    const jobs: JobSummary[] = [];
    let after: string | null = null;
    do {
      const page = await humdrum.pageOfJobs({ ...asked, limit: 50, ...(after ? { after } : {}) });
      jobs.push(...page.jobs);
      after = page.next;
    } while (after !== null);
    return jobs.toSorted((a, b) => a.id - b.id);
  };

  const touchedFor = async (reason: string): Promise<number[]> => {
    const { rows } = await db.query<{ id: number }>(
      'select job_id as id from humdrum.audit where reason = $1 order by job_id',
      [reason],
    );
    return rows.map(({ id }) => id);
  };

  const refusal = async (asked: Promise<unknown>): Promise<string> =>
    asked.then(
      () => 'accepted',
      (error: unknown) =>
        error instanceof HumdrumError ? `${error.code}: ${error.message}` : String(error),
    );

  it(
    `the jobs listed are the jobs counted, previewed and acted on (seed ${SEED})`,
    { timeout: 120_000 },
    async () => {
      const random = seeded(SEED);
      let [runs, touched] = [0, 0];
      const property = fc.asyncProperty(
        query,
        fc.constantFrom<Action>('retry', 'cancel'),
        async ({ order: _order, ...asked }, action) => {
          // The acts of earlier runs leave fewer open jobs, so every third run adds some.
          if (runs % 3 === 0)
            await fill({ db, humdrum, moveTo }, { random, perRound: 20, rounds: 3 });
          runs += 1;
          const stored = (await storedJobs(db)).filter((row) => fits(row, asked));
          const listed = await listAll(asked);
          expect(idsOf(listed)).toEqual(idsOf(stored));
          const actionable = idsOf(
            listed.filter(({ status }) => allowedActions(status).includes(action)),
          );
          expect(await humdrum.countFor(action, asked)).toBe(actionable.length);
          if (Object.keys(asked).length === 0) return; // Refused: see below.
          const preview = await humdrum.preview(action, asked);
          expect(preview).toMatchObject({ count: actionable.length, more: false });
          expect(idsOf(preview.samples)).toEqual(actionable.toReversed().slice(0, 5));
          const again = await listAll(preview.query);
          expect(
            idsOf(again.filter(({ status }) => allowedActions(status).includes(action))),
          ).toEqual(actionable);
          const isExact = actionable.length === 0 || again.length === actionable.length;
          expect(isExact).toBe(true);
          const reason = `run ${runs}`;
          const read = JSON.parse(JSON.stringify(preview.query)) as Record<string, unknown>;
          expect(Object.keys(read).toSorted()).toEqual(
            [...new Set([...Object.keys(asked), 'status'])].toSorted(),
          );
          expect(await humdrum.actOnAll(action, preview.query, { reason })).toMatchObject({
            done: actionable.length,
          });
          expect(await touchedFor(reason)).toEqual(actionable);
          touched += actionable.length;
        },
      );
      await fc.assert(property, {
        seed: SEED,
        numRuns: 12,
        endOnFailure: true,
        examples: [[{ status: 'queued' }, 'cancel']],
      });
      expect(touched).toBeGreaterThan(0);
    },
  );

  it('times are from their beginning to before their end, for every question and act', async () => {
    await humdrum.enqueueMany([{ type: broken, input: { tenant: 'acme' } }]);
    await moveTo(new Date(START + 60_000).toISOString());
    await humdrum.drain();
    const created = { at: START, from: 'createdFrom', to: 'createdTo' } as const;
    const finished = { at: START + 60_000, from: 'finishedFrom', to: 'finishedTo' } as const;
    for (const { at, from, to } of [created, finished]) {
      for (const [asked, found] of [
        [{ [from]: new Date(at) }, 1],
        [{ [from]: new Date(at + 1) }, 0],
        [{ [to]: new Date(at) }, 0],
        [{ [to]: new Date(at + 1) }, 1],
        [{ [from]: new Date(at), [to]: new Date(at + 1) }, 1],
        [{ [from]: new Date(at - 1), [to]: new Date(at) }, 0],
      ] as const) {
        const told = JSON.stringify(asked);
        expect(await humdrum.listJobs(asked), told).toHaveLength(found);
        expect((await humdrum.pageOfJobs(asked)).jobs, told).toHaveLength(found);
        expect(await humdrum.countFor('retry', asked), told).toBe(found);
        expect((await humdrum.preview('cancel', asked)).count, told).toBe(found);
        expect(await humdrum.retryAll(asked, { reason: told }), told).toBe(found);
        if (found > 0) await humdrum.drain();
      }
    }
  });

  it('a bulk act takes no jobs whose status does not allow it', async () => {
    const [failed = 0] = await humdrum.enqueueMany([{ type: broken }]);
    await humdrum.drain();
    const [queued = 0] = await humdrum.enqueueMany([{ type: broken }]);
    const ids = [failed, queued];
    expect(await humdrum.countFor('retry', { ids })).toBe(1);
    expect(await humdrum.countFor('retry', { status: ['queued', 'completed'] })).toBe(0);
    expect(await humdrum.preview('retry', { status: 'completed' })).toMatchObject({
      count: 0,
      query: { status: ['completed'] },
    });
    expect((await humdrum.preview('cancel', { ids, type: broken.type })).query).toEqual({
      ids,
      status: ['queued', 'failed'],
      type: [broken.type],
    });
    expect(await humdrum.cancelAll({ status: 'queued' }, { reason: 'no longer' })).toBe(1);
    expect((await humdrum.showJob(failed)).status).toBe('failed');
  });

  it('a bulk act without a filter is refused, and one on all of a status is not', async () => {
    await humdrum.enqueueMany([{ type: broken }]);
    await humdrum.drain();
    for (const empty of [{}, { type: undefined, attributes: {} }] as JobQuery[]) {
      for (const asked of [
        humdrum.retryAll(empty, { reason: 'all' }),
        humdrum.cancelAll(empty, { reason: 'all' }),
        humdrum.actOnAll('retry', empty, { reason: 'all' }),
        humdrum.preview('retry', empty),
      ]) {
        expect(await refusal(asked)).toMatch(/^input-invalid: Name at least one filter/);
      }
      expect(await humdrum.countFor('retry', empty)).toBe(1);
    }
    expect(await humdrum.retryAll({ status: 'failed' }, { reason: 'all' })).toBe(1);
  });

  it('unknown filters are refused with the name that was meant', async () => {
    const at = new Date(START);
    for (const [wrong, meant] of [
      [{ createdAfter: at }, 'createdFrom'],
      [{ createdBefore: at }, 'createdTo'],
      [{ finishedAfter: at }, 'finishedFrom'],
      [{ attribute: 'tenant=acme' }, 'attributes'],
      [{ id: 1 }, 'ids'],
      [{ tipe: 'test.broken' }, 'type'],
      [{ errorclass: 'TypeError' }, 'errorClass'],
    ] as const) {
      const given = { status: 'failed', ...wrong } as JobFilter;
      const [name = ''] = Object.keys(wrong);
      const expected = `filter-invalid: Invalid filter: there is no "${name}". Did you mean "${meant}"?`;
      expect(await refusal(humdrum.listJobs(given))).toContain(expected);
      expect(await refusal(humdrum.pageOfJobs(given))).toContain(expected);
      expect(await refusal(humdrum.countFor('retry', given))).toContain(expected);
      expect(await refusal(humdrum.preview('retry', given))).toContain(expected);
      expect(await refusal(humdrum.retryAll(given, { reason: 'x' }))).toContain(expected);
    }
    const limited = { status: 'failed', limit: 1 } as JobFilter;
    expect(await refusal(humdrum.cancelAll(limited, { reason: 'x' }))).toMatch(
      /there is no "limit"/,
    );
  });
});
