import fc from 'fast-check';
import type { Database } from '../../src/database/database.ts';
import { claimNext } from '../../src/engine/transitions/claim.ts';
import { rollUp } from '../../src/engine/statistics/roll-up.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import {
  STATUSES,
  type Humdrum,
  type JobQuery,
  type JobSummary,
  type Json,
  type ListOptions,
} from '../../src/index.ts';
import { job } from './engine.ts';
import { addWorker, completed, failed } from './verbs.ts';

/** Random jobs in every state, and random queries about them. */

const attributes = ['tenant', 'order.region'];
const retry = { attempts: 2, delayMs: 0 };
export const TYPES = [
  job('test.mail', () => null, { attributes, retry }),
  job('test.sync', () => null, { attributes, queue: 'sync', retry }),
  job('test.rare', () => null, { attributes: ['tenant'], retry }),
  job('test.plain', () => null, { retry }),
  job('test.tick', () => null, { schedule: { cron: '0 * * * *' } }),
];
export const NAMES = ['test.mail', 'test.sync', 'test.plain'];
const QUEUES = ['default', 'sync'];
const TENANTS = ['acme', 'big=corp', '7'];
const ERRORS = ['Timeout', 'TypeError'];
const MESSAGES = ['no luck', 'Mail 100% refused'];
// Some of it before midnight, some after.
export const START = Date.parse('2026-03-01T23:55:00Z');
const MINUTE_MS = 60_000;

const plainJob = () => ({ type: 'test.plain', input: { tenant: 'acme' } });

const one = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.subarray([...values], { minLength: 1 });
/** Jobs are created, and attempts end, exactly at the beginnings of minutes. */
const instant = fc
  .tuple(fc.integer({ min: -2, max: 14 }), one([0, 0, 1, 1_000]))
  .map(([minutes, ms]) => new Date(START + minutes * MINUTE_MS + ms));
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
  fc.record({ error: one(['NO luck', '100%', 'other']) }),
  fc.record({ ids: fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { minLength: 1 }) }),
  fc.record({ schedule: one(['test.tick', 'test.none']) }),
];
export const query: fc.Arbitrary<ListOptions> = fc
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

export type Stored = JobSummary & { input: Json; lastError: string | null; message: string | null };

/** Random numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

interface Filling {
  random: () => number;
  perRound: number;
  /** How many more to enqueue, of one type. */
  queue?: number;
  /** A minute each. The jobs that the last one claims go on running. */
  rounds?: number;
}

export interface Filled {
  db: Database;
  humdrum: Humdrum;
  moveTo: (at: string) => Promise<void>;
}

/** Jobs of all kinds in all places, their ids far apart now and then. */
export async function fill(
  { db, humdrum, moveTo }: Filled,
  { random, perRound, queue = 0, rounds = 10 }: Filling,
): Promise<void> {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const worker = await addWorker(db);
  for (let round = 0; round < rounds; round += 1) {
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
        .filter(() => round < rounds - 1)
        .map((claimed) => {
          if (random() < 0.7) return completed(claimed);
          const settlement = failed(claimed, random() < 0.5);
          const error = { class: pick(ERRORS), message: pick(MESSAGES), stack: null };
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
}

/** All jobs, as the view tells of them, oldest first. */
export async function storedJobs(db: Database): Promise<Stored[]> {
  const { rows } = await db.query<Stored>(
    `select jobs.*, finished_at as "finishedAt", created_at as "createdAt", error_class as "lastError", error_message as message from humdrum.jobs order by id`,
  );
  return rows;
}

/** The meaning of a query, told a second time: what the engine's SQL is compared with. */
export function fits(row: Stored, options: JobQuery): boolean {
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
    error,
    ids,
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
    (error === undefined || row.message?.toLowerCase().includes(error.toLowerCase()) === true) &&
    (ids === undefined || ids.includes(row.id)) &&
    (schedule === undefined || row.schedule === schedule) &&
    Object.keys(options.attributes ?? {}).every((path) => declares.includes(path)) &&
    (tenant === undefined || String(input.tenant) === tenant) &&
    (region === undefined || String(input.order?.region) === region)
  );
}
