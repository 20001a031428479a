import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import type { Context } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { job, makeWitness, openEngine } from '../support/engine.ts';

/** Errors as they come out of SDKs, tools and other realms. */
const ERRORS: [title: string, make: () => unknown, text: unknown][] = [
  ['an object as message', () => altered({ message: { code: 402 } }), '{"code":402}'],
  ['a number as name', () => altered({ name: 42 }), 'x'],
  ['a symbol as message', () => altered({ message: Symbol('odd') }), 'Symbol(odd)'],
  ['a bigint as message', () => altered({ message: 7n }), '7'],
  ['no message', () => altered({ message: undefined }), '(no readable message)'],
  ['a list as stack', () => altered({ stack: ['at a', 'at b'] }), 'x'],
  ['a message that throws', () => withGetter('message'), '(no readable message)'],
  ['a name that throws', () => withGetter('name'), 'x'],
  ['a stack that throws', () => withGetter('stack'), 'x'],
  ['a cause that throws', () => withGetter('cause'), 'x'],
  ['itself as cause', () => causedByItself(), 'x'],
  [
    'a proxy that throws',
    () => new Proxy(new Error('x'), { get: thrower, getPrototypeOf: thrower }),
    'The thrown value has no text form.',
  ],
  ['an object without a prototype', () => Object.create(null) as unknown, '{}'],
  [
    'an object whose toJSON throws',
    () => ({ toJSON: thrower }),
    expect.stringMatching(/text form|object Object/),
  ],
  ['a function', () => () => 1, '() => 1'],
  ['undefined', () => undefined, 'undefined'],
  ['an error of another realm', () => runInNewContext(`new TypeError('boom')`) as unknown, 'boom'],
  [
    'a cause',
    () => new Error('charge failed', { cause: new Error('card 402') }),
    'charge failed [cause: Error: card 402]',
  ],
  [
    'a cause that is its message',
    () => new Error('no: card 402', { cause: new Error('card 402') }),
    'no: card 402',
  ],
  ['several errors', () => new AggregateError([new Error('a'), 'b']), '[errors: Error: a; b]'],
  [
    'a message without an end',
    () => new Error('m'.repeat(2_000_000)),
    expect.stringMatching(/^m+… \(cut\)$/),
  ],
  ['a name without an end', () => altered({ name: 'n'.repeat(5_000) }), 'x'],
];

const altered = (fields: object): Error =>
  Object.defineProperties(
    new Error('x'),
    Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, { value: value as unknown }]),
    ),
  );
const thrower = (): never => {
  throw new Error('a trap');
};
const withGetter = (key: string): Error =>
  Object.defineProperty(new Error('x'), key, { get: thrower });
function causedByItself(): Error {
  const error = new Error('x');
  return Object.assign(error, { cause: error });
}

anyBackend('whatever a handler throws', (fresh) => {
  it.each([true, false])(
    'fails its job alone, with a readable text (atomic: %s)',
    async (atomic) => {
      const db = await fresh();
      await makeWitness(db);
      const throws = job(
        'hostile.throws',
        async (ctx: Context, { which }) => {
          if (atomic) await ctx.db.query(`insert into witness values ('half')`);
          throw ERRORS[Number(which)]?.[1]();
        },
        { atomic, retry: { attempts: 1 } },
      );
      const calm = job('hostile.calm', async (ctx) => {
        await ctx.db.query(`insert into witness values ('calm')`);
      });
      const { humdrum, events } = await openEngine(db, { jobs: [throws, calm] });
      const inputs = ERRORS.map((_, which) => ({ type: throws, input: { which } }));
      const ids = await humdrum.enqueueMany(inputs);
      await humdrum.enqueueMany(Array.from({ length: 5 }, () => ({ type: calm, input: {} })));
      await humdrum.start();
      await events.settled(ERRORS.length + 5);
      await humdrum.stop();
      for (const [at, [title, , text]] of ERRORS.entries()) {
        const { status, attemptRecords } = await humdrum.showJob(ids[at] ?? 0);
        const { errorClass, errorMessage = '' } = attemptRecords[0] ?? {};
        expect({ title, status }).toEqual({ title, status: 'failed' });
        expect({ title, text: errorMessage }).toEqual({ title, text });
        expect(errorClass).toMatch(/^\w{1,200}$/);
        expect(errorMessage?.length).toBeLessThanOrEqual(1_100_000);
      }
      const { rows } = await db.query<{ word: string }>('select word from witness');
      expect(rows).toEqual(Array.from({ length: 5 }, () => ({ word: 'calm' })));
    },
  );

  it('is told to a policy, whatever that makes of it', async () => {
    const answers: (() => unknown)[] = [
      () => 'fail',
      () => ({ afterMs: 5 }),
      () => 'nonsense',
      () => null,
      () => Object.defineProperty({}, 'afterMs', { get: thrower }),
      () => Promise.reject(new Error('late')),
    ];
    const throws = job(
      'hostile.asks',
      (_ctx, { which }) => {
        throw runInNewContext(`new TypeError('${String(which)}')`);
      },
      { retry: { attempts: 1, on: (error) => answers[Number(error.message)]?.() as 'fail' } },
    );
    const { humdrum } = await openEngine(await fresh(), { jobs: [throws] });
    await humdrum.enqueueMany(answers.map((_, which) => ({ type: throws, input: { which } })));
    const { ran } = await humdrum.drain();
    expect(ran.map(({ status }) => status)).toEqual(answers.map(() => 'failed'));
  });
});
