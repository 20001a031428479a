import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { defineJob, type Context } from '../../src/index.ts';
import { openDatabase } from '../../src/database/open.ts';
import { ALL, anyBackend, freshUrl } from '../support/databases.ts';
import { job, openEngine, refuseResults } from '../support/engine.ts';

/** JSON so deep, built as text: an object literal of this depth would overflow the stack. */
const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth));

const RESULTS: [title: string, make: (ctx: Context) => unknown, text: string][] = [
  [
    'two megabytes',
    () => 'x'.repeat(2_000_000),
    'is 2000002 bytes of JSON; the maximum is 1048576. Store it elsewhere and pass a reference.',
  ],
  ['250 levels', () => nested(250), 'is nested more than 200 levels deep.'],
  ['5,000 levels', () => nested(5_000), ''],
  [
    'a bigint',
    () => ({ order: [{ id: 7n }] }),
    'cannot be stored as JSON: order.0.id is a bigint.',
  ],
  ['itself', () => circular(), 'cannot be stored as JSON: Converting circular structure to JSON'],
];

function circular(): object {
  const round: Record<string, unknown> = {};
  round['round'] = round;
  return round;
}

anyBackend('what a handler returns and the database cannot store', (fresh) => {
  it.each([true, false])('fails its job alone, and for good (atomic: %s)', async (atomic) => {
    let runs = 0;
    const bad = job(
      'hostile.returns',
      (ctx, { which }) => {
        runs += 1;
        return RESULTS[Number(which)]?.[1](ctx);
      },
      { atomic, retry: { attempts: 3 } },
    );
    const calm = job('hostile.calm', () => 'calm', { atomic });
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [bad, calm] });
    const ids = await humdrum.enqueueMany([
      ...RESULTS.map((_, which) => ({ type: bad, input: { which } })),
      ...Array.from({ length: 9 }, () => ({ type: calm, input: {} })),
    ]);
    await humdrum.start();
    await events.settled(ids.length);
    await humdrum.stop();
    for (const [at, [title, , text]] of RESULTS.entries()) {
      const { status, errorMessage } = await humdrum.showJob(ids[at] ?? 0);
      expect({ title, status }).toEqual({ title, status: 'failed' });
      expect(errorMessage).toContain(`The result of hostile.returns ${text}`);
    }
    expect(runs).toBe(RESULTS.length);
    expect(await humdrum.listJobs({ status: 'completed' })).toHaveLength(9);
  });

  it.each([true, false])(
    'holds up no other, whatever the server says (atomic: %s)',
    async (atomic) => {
      const db = await fresh();
      await refuseResults(db);
      const codes = ['P0001', '54001', 'XX000', '42501'];
      const bad = job('hostile.returns', (_ctx, { code }) => ({ code }), {
        atomic,
        retry: { attempts: 1 },
      });
      const calm = job('hostile.calm', () => 'calm', { atomic: false });
      const { humdrum, events } = await openEngine(db, { jobs: [bad, calm] });
      const ids = await humdrum.enqueueMany([
        ...codes.map((code) => ({ type: bad, input: { code } })),
        ...Array.from({ length: 9 }, () => ({ type: calm, input: {} })),
      ]);
      await humdrum.start();
      await events.settled(ids.length);
      await humdrum.stop();
      for (const [at, code] of codes.entries()) {
        const { status, errorMessage } = await humdrum.showJob(ids[at] ?? 0);
        expect({ code, status }).toEqual({ code, status: 'failed' });
        expect(errorMessage).toContain('no room for this');
      }
      expect(await humdrum.listJobs({ status: 'completed' })).toHaveLength(9);
    },
  );
});

it.runIf(ALL)('what the server has no memory for is given up after a while', async () => {
  const db = await openDatabase(await freshUrl(), { max: 20 });
  onTestFinished(() => db.close());
  const bad = job('hostile.returns', (_ctx, { code }) => ({ code }), { atomic: false });
  const { humdrum, events } = await openEngine(db, { jobs: [bad] });
  await refuseResults(db);
  const { id } = await humdrum.enqueue(bad, { code: '53200' });
  await humdrum.start();
  await events.settled(1);
  await humdrum.stop();
  const { status, errorMessage } = await humdrum.showJob(id);
  expect({ status, errorMessage }).toEqual({
    status: 'failed',
    errorMessage: 'What the job returned could not be stored: no room for this',
  });
});

describe('what a handler tells', () => {
  anyBackend('a name that no channel can have', (fresh) => {
    it.each(['Ops Team', 'Slack', '', 'x'.repeat(94), 'a\u0000b', 5, null])(
      'is refused: %j',
      async (channel) => {
        const tells = job(
          'hostile.tells',
          (ctx) => {
            ctx.notify(Object.assign({ to: '#x', text: 'hi' }, { channel }) as never);
          },
          { retry: { attempts: 1 } },
        );
        const calm = job('hostile.calm', () => 'calm');
        const { humdrum } = await openEngine(await fresh(), { jobs: [tells, calm] });
        expect((await humdrum.rehearse(tells)).error?.message).toContain('ctx.notify: "');
        const bad = await humdrum.enqueue(tells, {});
        const good = await humdrum.enqueue(calm, {});
        await humdrum.drain();
        expect((await humdrum.showJob(bad.id)).errorMessage).toContain(
          'is not a valid name for a channel',
        );
        expect((await humdrum.showJob(good.id)).status).toBe('completed');
      },
    );
  });

  anyBackend('an event or a log line', (fresh) => {
    it('of odd kinds costs no more than its job', async () => {
      const odd = [
        (ctx: Context) => ctx.emit('', {}),
        (ctx: Context) => ctx.emit('n'.repeat(201), {}),
        (ctx: Context) => ctx.emit('a\u0000b', {}),
        (ctx: Context) => ctx.emit('big', 'x'.repeat(1_048_577)),
        (ctx: Context) => ctx.log(Symbol('odd') as never),
        (ctx: Context) => ctx.log(null as never, { at: 7n } as never),
      ];
      const tells = job('hostile.tells', (ctx, { which }) => odd[Number(which)]?.(ctx), {
        retry: { attempts: 1 },
      });
      const { humdrum } = await openEngine(await fresh(), { jobs: [tells] });
      await humdrum.enqueueMany(odd.map((_, which) => ({ type: tells, input: { which } })));
      const { ran } = await humdrum.drain();
      expect(ran.map(({ status }) => status)).toEqual([
        'failed',
        'failed',
        'failed',
        'failed',
        'completed',
        'completed',
      ]);
    });
  });
});

anyBackend('an input that JSON would change', (fresh) => {
  it('is refused where it is enqueued, with what to do', async () => {
    const dated = defineJob({
      type: 'hostile.dated',
      input: z.object({ at: z.date() }),
      run: () => null,
    });
    const mapped = defineJob({
      type: 'hostile.mapped',
      input: z.object({ by: z.map(z.string(), z.number()) }),
      run: () => null,
    });
    const coerced = defineJob({
      type: 'hostile.coerced',
      input: z.object({ at: z.coerce.date() }),
      run: (_ctx, { at }) => at.toISOString(),
    });
    const { humdrum } = await openEngine(await fresh(), { jobs: [dated, mapped, coerced] });
    const at = new Date('2026-03-01T00:00:00Z');
    const refused = {
      code: 'input-invalid',
      message: expect.stringContaining('use z.coerce.date() for dates') as string,
    };
    await expect(humdrum.enqueue(dated, { at })).rejects.toMatchObject(refused);
    await expect(humdrum.enqueue(mapped, { by: new Map([['a', 1]]) })).rejects.toMatchObject(
      refused,
    );
    await humdrum.enqueue(coerced, { at });
    expect(await humdrum.drain()).toMatchObject({ ran: [{ status: 'completed' }] });
  });
});
