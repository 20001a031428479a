import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Humdrum, JobType } from '../../src/index.ts';
import { ALL, freshUrl } from '../support/databases.ts';
import { openEngine, type EventLog } from '../support/engine.ts';
import { Running } from '../support/process.ts';
import config, { linger, note, stumble } from './fixtures/clocks.config.mjs';

const HOUR_MS = 3_600_000;
const CONFIG = new URL('fixtures/clocks.config.mjs', import.meta.url).pathname;

/** The process believes that it is SHIFT_MS later than it is. Timers and `performance` go on as they did. */
const SHIFT_CLOCK = `
  const shiftMs = Number(process.env.SHIFT_MS);
  const Honest = Date;
  globalThis.Date = class Date extends Honest {
    constructor(...given) {
      if (given.length === 0) super(Honest.now() + shiftMs);
      else super(...given);
    }
    static now() {
      return Honest.now() + shiftMs;
    }
  };`;
const PRELOAD = `--import data:text/javascript,${encodeURIComponent(SHIFT_CLOCK)}`;

const SEEN = `create table seen (
  job_id bigint, attempt int, told timestamptz, believed timestamptz, at timestamptz default clock_timestamp()
)`;

const WORKERS = { 'an hour ahead': HOUR_MS, ...(ALL && { 'an hour behind': -HOUR_MS }) };

describe.each(Object.entries(WORKERS))('a worker whose clock is %s', (_name, shiftMs) => {
  let db: Database;
  let humdrum: Humdrum;
  let events: EventLog;
  let worker: Running;

  beforeEach(async () => {
    const url = await freshUrl();
    db = await openPostgres(url);
    await db.query(SEEN);
    // Beside the worker one that runs nothing, and rescues whatever has passed.
    const idle = { queues: ['idle'] };
    ({ humdrum, events } = await openEngine(db, { jobs: config.jobs, worker: idle }));
    worker = new Running(['worker', '--config', CONFIG, '--database', url], {
      env: { LOG_FORMAT: 'json', NODE_OPTIONS: PRELOAD, SHIFT_MS: String(shiftMs) },
    });
    return () => db.close();
  });

  it('starts what is due, and nothing else', { timeout: 60_000 }, async () => {
    const waiting = await humdrum.enqueueMany(ten(note, HOUR_MS / 2));
    await humdrum.enqueueMany([...ten(note), ...ten(note, -HOUR_MS / 2), ...ten(stumble)]);
    await worker.saying(/test\.(?:note|stumble) completed/, 30);
    await worker.saying(/test\.tick completed/, 3);
    await worker.end('SIGTERM');

    const { rows } = await db.query<{ seen: number }>(
      'select extract(epoch from avg(believed - at))::float8 * 1000 as seen from seen',
    );
    expect(Math.abs((rows[0]?.seen ?? 0) - shiftMs)).toBeLessThan(60_000);
    const shown = await Promise.all(waiting.map((id) => humdrum.showJob(id)));
    expect(shown.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      waiting.map(() => 'queued 0'),
    );
    await checkBackoff(db);
    await checkTicks(db);
  });

  it('keeps its lease while it lives', { timeout: 60_000 }, async () => {
    const ids = await humdrum.enqueueMany(ten(linger));
    await humdrum.start();
    await worker.saying(/test\.linger completed/, 10);
    await worker.end('SIGTERM');
    const shown = await Promise.all(ids.map((id) => humdrum.showJob(id)));
    expect(shown.map(({ attempts }) => attempts)).toEqual(ids.map(() => 1));
    expect(events.count('jobs-rescued')).toBe(0);
  });

  it('loses it in time when it is killed', { timeout: 60_000 }, async () => {
    await humdrum.enqueueMany(ten(linger));
    await worker.saying(/lingering/, 10);
    await worker.end('SIGKILL');
    await humdrum.start();
    await events.until((log) => log.count('jobs-rescued') > 0);
    const { rows } = await db.query<{ lost: number; earliest: number; latest: number }>(
      `select count(*) as lost,
         extract(epoch from min(at - expires_at))::float8 as earliest,
         extract(epoch from max(at - expires_at))::float8 as latest
       from humdrum.loss join humdrum.worker on worker.id = worker_id`,
    );
    expect(rows[0]?.lost).toBeGreaterThanOrEqual(10);
    expect(rows[0]?.earliest).toBeGreaterThanOrEqual(0);
    expect(rows[0]?.latest).toBeLessThan(20);
  });
});

function ten(type: JobType, inMs?: number) {
  const runAt = inMs === undefined ? {} : { runAt: new Date(Date.now() + inMs) };
  return Array.from({ length: 10 }, () => ({ type, ...runAt }));
}

/** Each second try waited until it was due: two seconds after the first had failed, or a tenth more. */
async function checkBackoff(db: Database): Promise<void> {
  const { rows } = await db.query<{ wait: number; late: number }>(
    `select extract(epoch from due - finished_at)::float8 as wait, extract(epoch from seen.at - due)::float8 as late
     from humdrum.attempt join seen on seen.job_id = attempt.job_id and seen.attempt = 2
     join lateral (
       select split_part(reason, 'due at ', 2)::timestamptz as due from humdrum.audit
       where audit.job_id = attempt.job_id and event = 'retried'
     ) as audit on true
     where number = 1 and status = 'failed'`,
  );
  expect(rows.length).toBe(10);
  for (const { wait, late } of rows) {
    expect(wait).toBeGreaterThanOrEqual(2);
    expect(wait).toBeLessThan(2.201);
    expect(late).toBeGreaterThanOrEqual(0);
  }
}

/** Whole seconds without a gap, none of them before its time or of another hour. */
async function checkTicks(db: Database): Promise<void> {
  const { rows } = await db.query<{ ticks: number; span: number; early: number; late: number }>(
    `select count(*) as ticks, extract(epoch from max(run_at) - min(run_at))::float8 as span,
       extract(epoch from min(created_at - run_at))::float8 as early,
       extract(epoch from max(created_at - run_at))::float8 as late
     from humdrum.job where schedule = 'test.tick'`,
  );
  const { ticks, span, early, late } = rows[0] ?? { ticks: 0, span: 0, early: 0, late: 0 };
  expect(ticks).toBeGreaterThanOrEqual(3);
  expect(span).toBe(ticks - 1);
  expect(early).toBeGreaterThanOrEqual(0);
  expect(late).toBeLessThan(30);
}
