import { beforeEach, expect, it } from 'vitest';
import { HumdrumError, type BulkOptions, type Humdrum, type JobQuery } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const plain = job('test.plain', () => null, { attributes: ['tenant'], retry: { attempts: 1 } });
const hourly = job('test.hourly', () => null, { schedule: { cron: '0 * * * *' } });

/** A value as a program without types may give it. */
const untyped = <T>(value: unknown): T => value as T;
const NOTHING = Object.create(null) as object;
const BAD_TEXTS = [null, 5, true, {}, NOTHING, () => 1, Symbol('x'), 'a\0b', new Date(), 5n];
const BAD_DATES = [null, 'yesterday', '2026-01-31', 5, {}, NOTHING, [], new Date(NaN)];
const FAR_DATES = [new Date(8.64e15), new Date('+010000-01-01'), new Date('0000-12-31T23:59:59Z')];
const BAD_COUNTS = [null, -1, 1.5, NaN, '5', {}, NOTHING, [1], 2 ** 60];
const BAD_LIMITS = [...BAD_COUNTS, 0, Infinity];
const BAD_DATE_OPTIONS = [...BAD_DATES, ...FAR_DATES];

/** What a filter must not be. Undefined is as if it were left out. */
const BAD_FILTERS: Record<keyof JobQuery, unknown[]> = {
  ids: [null, 5, '5', [1.5], ['1'], [null], [NaN], Array.from({ length: 1_001 }, () => 1), [], {}],
  status: [null, 5, 'faild', ['faild'], [null], [], {}, NOTHING],
  type: [...BAD_TEXTS, [5], [null], ['a\0b'], [['test.plain']], []],
  queue: [...BAD_TEXTS, [5], [null], ['a\0b'], []],
  schedule: [...BAD_TEXTS, ['test.plain']],
  errorClass: [...BAD_TEXTS, ['Timeout']],
  error: [...BAD_TEXTS, ['x'], ''],
  createdFrom: BAD_DATE_OPTIONS,
  createdTo: BAD_DATE_OPTIONS,
  finishedFrom: BAD_DATE_OPTIONS,
  finishedTo: BAD_DATE_OPTIONS,
  attributes: [
    null,
    5,
    '',
    'tenant',
    [],
    ['a'],
    new Date(),
    new Map([['tenant', 3]]),
    () => 1,
    ...[null, undefined, NaN, Infinity, {}, ['a'], 'a\0b', new Date()].map((tenant) => ({
      tenant,
    })),
    Object.create({ tenant: 'a' }),
    { 'ten\0ant': 'a' },
  ],
};

eachBackend('what is no query, option or id', (fresh) => {
  let humdrum: Humdrum;

  beforeEach(async () => {
    ({ humdrum } = await openEngine(await fresh(), { jobs: [plain, hourly] }));
    await humdrum.register();
    await humdrum.enqueueMany([{ type: plain, input: { tenant: 'a' } }, { type: plain }]);
  });

  /** Calls it with each value, and expects a refusal that names the option. */
  async function expectRefused(
    name: string,
    values: readonly unknown[],
    code: string,
    call: (value: unknown) => Promise<unknown>,
  ): Promise<void> {
    for (const value of values) {
      const said = await call(value).then(
        () => 'accepted',
        (error: unknown) =>
          error instanceof HumdrumError ? `${error.code}: ${error.message}` : error,
      );
      expect(said, `${name}: ${typeof value}`).toMatch(new RegExp(`^${code}: .*${name}`, 's'));
    }
  }

  it('is refused as a filter, by name, and never acts on more jobs than it says', async () => {
    const reason = 'hostile';
    for (const [name, values] of Object.entries(BAD_FILTERS)) {
      const asked = (value: unknown): JobQuery =>
        untyped(Object.assign({ type: 'test.plain' }, { [name]: value }));
      for (const call of [
        (value: unknown) => humdrum.listJobs(asked(value)),
        (value: unknown) => humdrum.pageOfJobs(asked(value)),
        (value: unknown) => humdrum.countFor('cancel', asked(value)),
        (value: unknown) => humdrum.preview('cancel', asked(value)),
        (value: unknown) => humdrum.cancelAll(asked(value), { reason }),
        (value: unknown) => humdrum.retryAll(asked(value), { reason }),
      ]) {
        await expectRefused(name, values, 'filter-invalid', call);
      }
    }
    for (const query of [null, 5, 'failed', [], new Map([['status', 'queued']]), () => 1]) {
      for (const call of [
        (value: unknown) => humdrum.listJobs(untyped(value)),
        (value: unknown) => humdrum.pageOfJobs(untyped(value)),
        (value: unknown) => humdrum.preview('cancel', untyped(value)),
        (value: unknown) => humdrum.cancelAll(untyped(value), { reason }),
      ]) {
        await expectRefused('an object of filters', [query], 'filter-invalid', call);
      }
    }
    expect(await humdrum.countFor('cancel', { type: 'test.plain' })).toBe(2);
  });

  it('is not refused where it is what it should be, undefined included', async () => {
    expect(await humdrum.preview('cancel', { attributes: { tenant: 'a' } })).toMatchObject({
      count: 1,
    });
    const none = { ids: undefined, createdTo: undefined, attributes: {}, error: undefined };
    expect(await humdrum.countFor('cancel', untyped({ type: 'test.plain', ...none }))).toBe(2);
    const bare = Object.assign(Object.create(null) as object, { tenant: 'a' });
    expect(await humdrum.countFor('cancel', { attributes: untyped(bare) })).toBe(1);
  });

  it('is refused as an option of a question', async () => {
    const range = { from: new Date(0), to: new Date(), step: 'day' as const };
    const is = (name: string, values: readonly unknown[], ask: (given: object) => unknown) =>
      expectRefused(name, values, 'filter-invalid', async (value) => ask({ [name]: value }));
    for (const ask of [
      (given: object) => humdrum.listJobs(given),
      (given: object) => humdrum.pageOfJobs(given),
    ]) {
      await is('order', [null, 'up', 5, Symbol('x'), NOTHING, ['newest']], ask);
      await is('limit', BAD_LIMITS, ask);
    }
    await is('after', BAD_TEXTS, (given) => humdrum.pageOfJobs(given));
    for (const name of ['after', 'receiver']) {
      await is(name, BAD_TEXTS, (given) => humdrum.deadLetters(given));
    }
    await is('limit', BAD_LIMITS, (given) => humdrum.deadLetters(given));
    await is('limit', BAD_LIMITS, (given) => humdrum.childrenOf(1, given));
    await is('after', BAD_COUNTS, (given) => humdrum.childrenOf(1, given));
    await is('limit', BAD_LIMITS, (given) => humdrum.searchAudit(given));
    for (const name of ['before', 'jobId']) {
      await is(name, BAD_COUNTS, (given) => humdrum.searchAudit(given));
    }
    await is('actor', BAD_TEXTS, (given) => humdrum.searchAudit(given));
    await is('events', [null, 'created', ['made'], {}], (given) => humdrum.searchAudit(given));
    for (const name of ['from', 'to']) {
      await is(name, BAD_DATE_OPTIONS, (given) => humdrum.searchAudit(given));
      await is(name, BAD_DATE_OPTIONS, (given) => humdrum.statistics(given));
      await is(name, BAD_DATE_OPTIONS, (given) => humdrum.series({ ...range, ...given }));
    }
    await is('type', BAD_TEXTS, (given) => humdrum.statistics(given));
    await is('types', ['x', null, [5]], (given) => humdrum.series({ ...range, ...given }));
    await is('step', ['week', null, 5], (given) => humdrum.series({ ...range, ...given }));
    await is('before', BAD_DATE_OPTIONS, (given) => humdrum.pastTicks(hourly, given));
    await is('limit', BAD_LIMITS, (given) => humdrum.pastTicks(hourly, given));
    await is('expect', BAD_TEXTS, (given) => humdrum.verifyAudit(given));
    const limits = [...BAD_LIMITS];
    const asLimit = (ask: (limit: number) => Promise<unknown>) =>
      expectRefused('limit', limits, 'filter-invalid', async (value) => ask(untyped(value)));
    await asLimit((limit) => humdrum.nextTicks(limit));
    await asLimit((limit) => humdrum.getExecutionHistory(limit));
    await expectRefused('options', [null, 5, 'x', [], new Map()], 'filter-invalid', async (value) =>
      humdrum.searchAudit(untyped(value)),
    );
  });

  it('is refused as the id of a job, or the name of a type', async () => {
    const ids = [null, undefined, 1.5, NaN, 'x', '1', {}, NOTHING, 5n, 2 ** 60];
    for (const call of [
      (id: number) => humdrum.showJob(id),
      (id: number) => humdrum.why(id),
      (id: number) => humdrum.childrenOf(id),
      (id: number) => humdrum.exportAttempt(id),
      (id: number) => humdrum.retry(id),
      (id: number) => humdrum.cancel(id),
    ]) {
      await expectRefused('no job', ids, 'job-not-found', async (id) => call(untyped(id)));
    }
    const attempts = [null, 1.5, NaN, 'x', 0, 99_999, {}, NOTHING];
    await expectRefused('attempt', attempts, 'job-not-found', async (attempt) =>
      humdrum.exportAttempt(1, untyped(attempt)),
    );
    await expectRefused('type', [null, 5, {}, [], Symbol('x')], 'type-unknown', async (type) =>
      humdrum.pastTicks(untyped(type)),
    );
  });

  it('is refused as an option of an act, and nothing is done', async () => {
    const [first = 0] = (await humdrum.listJobs({ order: 'oldest' })).map(({ id }) => id);
    const is = (name: string, values: readonly unknown[], act: (given: object) => unknown) =>
      expectRefused(name, values, 'input-invalid', async (value) => act({ [name]: value }));
    const cancel = (given: object) => humdrum.cancel(first, given);
    const all = (given: object) =>
      humdrum.cancelAll({ status: 'queued' }, { reason: 'x', ...given });
    const run = (given: object) => humdrum.run(plain, {}, given);
    const day = { from: new Date('2026-01-01'), to: new Date('2026-01-02') };
    const backfill = (given: object) => humdrum.backfill(hourly, { ...day, ...given });
    const texts = BAD_TEXTS.filter((value) => value !== null);
    await is('actor', BAD_TEXTS, cancel);
    await is('reason', texts, cancel);
    await is('actor', BAD_TEXTS, all);
    await is('reason', [...BAD_TEXTS, undefined, '', ' '], all);
    await is('atMost', BAD_COUNTS, all);
    await is('upToId', BAD_COUNTS, all);
    await is('overMs', [null, -1, NaN, Infinity, '5', {}, 604_800_001], all);
    await is('part', [null, 5, {}, { afterId: 1, from: 0 }, { afterId: '1', from: 0, of: 1 }], all);
    await is('onProgress', [null, 5, {}], all);
    await is('actor', BAD_TEXTS, run);
    await is('ifPlan', BAD_TEXTS, run);
    await is('at', BAD_DATE_OPTIONS, run);
    await is('actor', BAD_TEXTS, backfill);
    await is('reason', texts, backfill);
    await is('dryRun', [null, 'false', 1], backfill);
    await is('limit', [...BAD_LIMITS, 10_001], backfill);
    for (const name of ['from', 'to']) {
      await is(name, [...BAD_DATE_OPTIONS, undefined], backfill);
    }
    await is('maxAttempts', BAD_COUNTS, (given) => humdrum.drain(given));
    await expectRefused('at', BAD_DATE_OPTIONS, 'input-invalid', async (at) =>
      humdrum.rehearse(plain, {}, untyped(at)),
    );
    await expectRefused('options', [null, 5, 'x', []], 'input-invalid', async (by) =>
      humdrum.cancel(first, untyped(by)),
    );
    await expectRefused('reason', [undefined, {}], 'input-invalid', async (by) =>
      humdrum.cancelAll({ status: 'queued' }, untyped(by)),
    );
    for (const act of ['actOnAll', 'preview', 'countFor'] as const) {
      await expectRefused('action', ['delete', null, 5], 'input-invalid', async (action) =>
        humdrum[act](untyped(action), { status: 'queued' }, { reason: 'x' }),
      );
    }
    for (const name of ['runAt', 'startBy']) {
      await is(name, BAD_DATE_OPTIONS, (given) => humdrum.enqueue(plain, {}, given));
    }
    await is('actor', BAD_TEXTS, (given) => humdrum.enqueue(plain, {}, given));
    await expectRefused('actor', BAD_TEXTS, 'input-invalid', async (actor) =>
      humdrum.triggerJob('test.plain', {}, untyped(actor)),
    );
    expect(await humdrum.countFor('cancel', { status: 'queued' })).toBe(2);
  });

  it('an actor that is undefined is the one of the process', async () => {
    const by = untyped<BulkOptions>({ reason: 'x', actor: undefined });
    expect(await humdrum.cancelAll({ status: 'queued' }, by)).toBe(2);
  });

  it('the first and the last instant that can be stored work everywhere', async () => {
    const from = new Date('0001-01-01T00:00:00Z');
    const to = new Date('9999-12-31T23:59:59.999Z');
    const range = { from, to };
    expect(await humdrum.drain()).toMatchObject({ completed: 2 });
    for (const asked of [
      { createdFrom: from, createdTo: to },
      { createdTo: to },
      { finishedFrom: from, finishedTo: to },
      { finishedTo: to },
    ]) {
      expect(await humdrum.listJobs(asked)).toHaveLength(2);
      expect(await humdrum.countFor('retry', asked)).toBe(0);
    }
    for (const asked of [{ createdFrom: to }, { createdTo: from }, { finishedTo: from }]) {
      expect(await humdrum.listJobs(asked)).toEqual([]);
    }
    expect(await humdrum.statistics(range)).toMatchObject([{ created: 2 }]);
    for (const step of ['minute', 'hour', 'day'] as const) {
      expect(await humdrum.series({ ...range, step })).toHaveLength(1);
    }
    expect((await humdrum.searchAudit(range)).rows.length).toBeGreaterThan(0);
    expect(await humdrum.pastTicks(hourly, { before: to })).toEqual([]);
    expect(await humdrum.pastTicks(hourly, { before: from })).toEqual([]);
    expect((await humdrum.run(plain, {}, { at: from })).succeeded).toBe(true);
    const { id } = await humdrum.enqueue(plain, {}, { runAt: to, startBy: to });
    expect(await humdrum.showJob(id)).toMatchObject({ status: 'queued', runAt: to });
    const early = await humdrum.enqueue(plain, {}, { runAt: from });
    expect(await humdrum.drain()).toMatchObject({ completed: 1 });
    expect(await humdrum.showJob(early.id)).toMatchObject({ runAt: from });
  });
});
