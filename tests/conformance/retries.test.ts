import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { PermanentError, RetryAfterError } from '../../src/index.ts';
import type { JobType, RetryPolicy } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';

class RateLimited extends Error {
  readonly seconds: number;

  constructor(seconds: number) {
    super(`come again in ${seconds} s`);
    this.name = 'RateLimited';
    this.seconds = seconds;
  }
}

eachBackend('retries', (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
    await stopClockAt(db, '2026-03-01T10:00:00Z');
  });

  /** Fails with this error: what becomes of the job, and when. */
  async function after(thrown: unknown, retry: Partial<RetryPolicy> = {}) {
    const type: JobType = job(
      'test.failing',
      () => {
        throw thrown;
      },
      { retry: { attempts: 3, ...retry } },
    );
    const { humdrum, events } = await openEngine(db, { jobs: [type] });
    const { id } = await humdrum.enqueue(type);
    await humdrum.start();
    await events.settled(1);
    await humdrum.stop();
    const { status, runAt, attemptRecords, audit } = await humdrum.showJob(id);
    const waitsMs = runAt.getTime() - Date.parse('2026-03-01T10:00:00Z');
    return { status, waitsMs, last: attemptRecords.at(-1), events: audit.map((row) => row.event) };
  }

  it('wait for a time that is drawn from the seed, below the bound of the backoff', async () => {
    const { status, waitsMs } = await after(new Error('no'), { delayMs: 60_000 });
    expect(status).toBe('queued');
    expect(waitsMs).toBeGreaterThan(0);
    expect(waitsMs).toBeLessThan(60_000);
  });

  it('wait as long as the error asks for', async () => {
    expect(await after(new RetryAfterError('busy', { afterMs: 12_345 }))).toMatchObject({
      status: 'queued',
      waitsMs: 12_345,
      last: { errorClass: 'RetryAfterError', errorMessage: 'busy' },
    });
  });

  it('are for the policy to decide by the error', async () => {
    const on: RetryPolicy['on'] = (error) => {
      if (error instanceof RateLimited) return { afterMs: error.seconds * 1_000 };
      if (error instanceof TypeError) return 'fail';
      return undefined;
    };
    expect(await after(new RateLimited(90), { on })).toMatchObject({
      status: 'queued',
      waitsMs: 90_000,
    });
    expect(await after(new TypeError('a bug'), { on })).toMatchObject({
      status: 'failed',
      events: ['created', 'started', 'failed'],
    });
    expect((await after(new Error('other'), { on, delayMs: 60_000 })).waitsMs).toBeLessThan(60_000);
  });

  it('go by the backoff where the policy itself fails or says nonsense', async () => {
    const broken = (): never => {
      throw new Error('a bug in the policy');
    };
    expect((await after(new Error('no'), { on: broken })).status).toBe('queued');
    const nonsense = () => ({ afterMs: Number.NaN });
    expect((await after(new Error('no'), { on: nonsense })).status).toBe('queued');
  });

  it('are spared what no second try can mend', async () => {
    expect(await after(new PermanentError('the account is closed'))).toMatchObject({
      status: 'failed',
      last: { number: 1, errorClass: 'PermanentError' },
    });
  });
});
