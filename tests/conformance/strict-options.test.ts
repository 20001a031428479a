import { Pool } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Humdrum, JobRequest } from '../../src/index.ts';
import { eachBackend, freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { openPostgres } from '../../src/database/postgres.ts';

const send = job('mail.send', () => null);
const REFUSED = 'The job of type mail.send cannot be enqueued';
/** What stands in a request, and what is said of it. */
const WRONG: [request: object, message: string][] = [
  [{ uniqueKey: 'a' }, 'there is no option "uniqueKey". Did you mean "unique"?'],
  [{ runat: new Date() }, 'there is no option "runat". Did you mean "runAt"?'],
  [{ actor: 'ada' }, 'there is no option "actor".'],
  // Of the engine's own jobs, which it makes itself.
  [{ schedule: 'nightly' }, 'there is no option "schedule".'],
  [{ inTurn: true }, 'there is no option "inTurn".'],
  [{ constructor: 1 }, 'there is no option "constructor".'],
  [{ unique: { kye: 'a' } }, 'there is no option "unique.kye". Did you mean "unique.key"?'],
  [{ unique: { forMs: 5 } }, 'a key must have 1 to 500 characters and no NUL'],
  [{ unique: 'a' }, 'unique must be an object with the fields key, forMs.'],
  [
    { debounce: { key: 'a', waitMS: 1 } },
    'there is no option "debounce.waitMS". Did you mean "debounce.waitMs"?',
  ],
  [{ limits: 'api' }, 'limits must be a list'],
  [{ children: [{ type: send }] }, 'children must be an object with the fields jobs, onFailure,'],
  [
    { children: { jobs: [], onFailure: 'fail', withinMS: 5 } },
    'there is no option "children.withinMS". Did you mean "children.withinMs"?',
  ],
  [
    { children: { jobs: [{ type: send, delayMS: 5 }], onFailure: 'fail' } },
    'there is no option "delayMS". Did you mean "delayMs"?',
  ],
];

eachBackend('an option that does not exist', (fresh) => {
  it('is refused in whatever asks for a job, and nothing is enqueued', async () => {
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs: [send] });
    for (const [request, message] of WRONG) {
      const refused = {
        code: 'input-invalid',
        message: expect.stringContaining(`${REFUSED}: ${message}`) as string,
      };
      const whole = { type: send, ...request };
      await expect(humdrum.enqueueMany([{ type: send }, whole])).rejects.toMatchObject(refused);
    }
    for (const [request, message] of WRONG.filter(([one]) => !('actor' in one))) {
      await expect(humdrum.enqueue(send, {}, request)).rejects.toThrow(message);
    }
    expect(await humdrum.listJobs()).toEqual([]);
  });

  it('is refused in the options of a call, which cannot name another type', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [send] });
    const other: object = { type: 'mail.other' };
    await expect(humdrum.enqueue(send, {}, other)).rejects.toThrow('no option "type".');
  });

  it('is refused in a handler', async () => {
    const wrong: object = { uniqueKey: 'a' };
    const asks = job('mail.asks', async (ctx) => ctx.enqueue('mail.send', {}, wrong));
    const asksMany = job('mail.asks-many', async (ctx) =>
      ctx.enqueueMany([Object.assign({ type: 'mail.send' }, wrong)]),
    );
    const { humdrum } = await openEngine(await fresh(), { jobs: [send, asks, asksMany] });
    for (const type of [asks, asksMany]) {
      const { error } = await humdrum.rehearse(type);
      expect(error?.message).toBe(
        `${REFUSED}: there is no option "uniqueKey". Did you mean "unique"?`,
      );
    }
  });

  it('is refused in what a handler notifies and stores', async () => {
    const notifies = job('mail.notifies', (ctx) => {
      ctx.notify(Object.assign({ channel: 'chat', to: 'ada', text: 'Hi' }, { body: 'Hi' }));
    });
    const wrong: object = { contenttype: 'text/plain' };
    const puts = job('mail.puts', async (ctx) => ctx.files.put('a.txt', 'a', wrong));
    const { humdrum } = await openEngine(await fresh(), { jobs: [notifies, puts] });
    expect((await humdrum.rehearse(notifies)).error?.message).toContain(
      'ctx.notify: there is no option "body".',
    );
    expect((await humdrum.rehearse(puts)).error?.message).toBe(
      'ctx.files.put: there is no option "contenttype". Did you mean "contentType"?',
    );
  });

  it('is refused in what a job type makes of an input', async () => {
    const odd = job('mail.odd', () => null, {
      unique: () => Object.assign({ key: 'a' }, { for: 1 }),
    });
    const weighs = job('mail.weighs', () => null, {
      limits: () => [Object.assign({ name: 'api' }, { wieght: 2 })],
    });
    const { humdrum } = await openEngine(await fresh(), {
      jobs: [odd, weighs],
      limits: { api: { concurrency: 1 } },
    });
    await expect(humdrum.enqueue(odd)).rejects.toThrow('there is no option "unique.for".');
    await expect(humdrum.enqueue(weighs)).rejects.toThrow(
      'A limit that a job must pass: there is no option "wieght". Did you mean "weight"?',
    );
  });

  it('is refused in each call of an engine', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [send] });
    const wrong: object = { nosuch: 1 };
    const by = { reason: 'x', ...wrong };
    const range = { from: new Date(0), to: new Date(), ...wrong };
    const commands: Record<string, Promise<unknown>> = {
      run: humdrum.run(send, {}, wrong),
      drain: humdrum.drain(wrong),
      backfill: humdrum.backfill(send, range),
      retry: humdrum.retry(1, by),
      cancel: humdrum.cancel(1, by),
      actOnAll: humdrum.retryAll({}, by),
    };
    for (const [method, call] of Object.entries(commands)) {
      await expect(call).rejects.toMatchObject(refusalOf(method, 'input-invalid'));
    }
    for (const [method, call] of Object.entries(questions(humdrum, wrong, range))) {
      await expect(call).rejects.toMatchObject(refusalOf(method, 'filter-invalid'));
    }
  });
});

function questions(humdrum: Humdrum, wrong: object, range: { from: Date; to: Date }) {
  return {
    statistics: humdrum.statistics(range),
    series: humdrum.series({ ...range, step: 'day' }),
    childrenOf: humdrum.childrenOf(1, wrong),
    deadLetters: humdrum.deadLetters(wrong),
    pastTicks: humdrum.pastTicks(send, wrong),
    searchAudit: humdrum.searchAudit(wrong),
    verifyAudit: humdrum.verifyAudit(wrong),
  };
}

const refusalOf = (method: string, code: string) => ({
  code,
  message: expect.stringContaining(
    `The options of ${method}: there is no option "nosuch".`,
  ) as string,
});

describe('an option that does not exist', () => {
  it('is refused within a transaction of the caller', async () => {
    const url = await freshUrl();
    const pool = new Pool({ connectionString: url });
    const db = await openPostgres(url);
    onTestFinished(async () => {
      await pool.end();
      await db.close();
    });
    const { humdrum } = await openEngine(db, { jobs: [send] });
    const client = await pool.connect();
    await client.query('begin');
    const wrong: JobRequest[] = [Object.assign({ type: send }, { uniqueKey: 'a' })];
    await expect(humdrum.enqueueWithin(client, wrong)).rejects.toThrow(`${REFUSED}: there is no`);
    await client.query('rollback');
    client.release();
  });
});
