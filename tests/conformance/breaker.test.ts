import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { admit, countFailure, countSuccess } from '../../src/engine/deliveries/breaker.ts';
import { defineChannel, PermanentError, RetryAfterError, type Delivery } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';

const instant = (time: string): string => `2026-03-02T${time}Z`;

const tell = job('test.tell', (ctx, { channels, times = 1 }) => {
  for (const channel of channels as string[]) {
    for (let at = 0; at < Number(times); at += 1) {
      ctx.notify({ channel, to: 'ada', text: `message ${at}` });
    }
  }
});

/** A channel that does what the test says. */
function obedient(name: string, more: { timeoutMs?: number; attempts?: number } = {}) {
  const heard: string[] = [];
  const behave: { by: (delivery: Delivery) => unknown } = { by: () => null };
  const channel = defineChannel({
    name,
    retry: { delayMs: 0, attempts: more.attempts ?? 10 },
    ...(more.timeoutMs === undefined ? {} : { timeoutMs: more.timeoutMs }),
    async send(delivery) {
      heard.push(delivery.key);
      await behave.by(delivery);
    },
  });
  return { channel, heard, behave };
}

const down = (): never => {
  throw new Error('no connection');
};

async function outcomes(db: Database, channel: string): Promise<Record<string, number>> {
  const { rows } = await db.query<{ outcome: string; times: number }>(
    'select outcome, count(*) as times from humdrum.delivery where receiver = $1 group by outcome order by outcome',
    [`notify.${channel}`],
  );
  return Object.fromEntries(rows.map(({ outcome, times }) => [outcome, times]));
}

anyBackend('the circuit breaker of a channel', (fresh) => {
  it('holds deliveries at no cost of an attempt, and other channels go on', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, instant('09:00:00'));
    const [dead, well] = [obedient('dead'), obedient('well')];
    dead.behave.by = down;
    const { humdrum } = await openEngine(db, {
      jobs: [tell],
      receivers: [dead.channel, well.channel],
    });
    await humdrum.enqueueMany(
      Array.from({ length: 6 }, () => ({ type: tell, input: { channels: ['dead', 'well'] } })),
    );
    await humdrum.drain();
    expect(dead.heard).toHaveLength(3);
    expect(well.heard).toHaveLength(6);
    const waiting = await humdrum.listJobs({ type: 'notify.dead' });
    expect(waiting.map(({ status }) => status)).toEqual(Array(6).fill('queued'));
    expect(waiting.reduce((sum, { attempts }) => sum + attempts, 0)).toBe(3);
    const { audit } = await humdrum.showJob(waiting.at(-1)?.id ?? 0);
    expect(audit.at(-1)).toMatchObject({
      event: 'released',
      reason: 'The circuit breaker of dead is open.',
    });

    await moveTo(instant('09:01:00')); // The rest is over, and one may try.
    await humdrum.drain();
    expect(dead.heard).toHaveLength(4);
    await moveTo(instant('09:02:59')); // The trial has failed: it rests for twice as long.
    await humdrum.drain();
    expect(dead.heard).toHaveLength(4);

    dead.behave.by = () => null;
    await moveTo(instant('09:04:00'));
    await humdrum.drain();
    await moveTo(instant('09:05:00'));
    await humdrum.drain();
    expect(await humdrum.listJobs({ type: 'notify.dead', status: 'queued' })).toEqual([]);
    expect((await outcomes(db, 'dead'))['sent']).toBe(6);
    expect(await humdrum.listJobs({ status: 'failed' })).toEqual([]);
  });

  it('lets one sender try, and waits no longer than a lost trial could last', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, instant('09:00:00'));
    expect(await admit(db, 'chat', 20_000)).toEqual({ kind: 'closed' });
    for (let times = 0; times < 3; times += 1) {
      await countFailure(db, 'chat', { isTrial: false, restMs: 0 });
    }
    expect(await admit(db, 'chat', 20_000)).toEqual({ kind: 'open', restMs: 60_000 });
    await countFailure(db, 'chat', { isTrial: false, restMs: 0 }); // One that was under way.
    expect(await admit(db, 'chat', 20_000)).toEqual({ kind: 'open', restMs: 60_000 });
    await moveTo(instant('09:01:00'));
    const admitted = await Promise.all([1, 2, 3].map(async () => admit(db, 'chat', 20_000)));
    expect(admitted.map(({ kind }) => kind).toSorted()).toEqual(['open', 'open', 'trial']);
    await moveTo(instant('09:01:20'));
    expect(await admit(db, 'chat', 20_000)).toEqual({ kind: 'trial' });
    await countFailure(db, 'chat', { isTrial: true, restMs: 900_000 }); // As long as it asked for.
    expect(await admit(db, 'chat', 20_000)).toEqual({ kind: 'open', restMs: 900_000 });
    await countFailure(db, 'chat', { isTrial: true, restMs: 86_400_000 });
    expect(await admit(db, 'chat', 20_000)).toEqual({ kind: 'open', restMs: 1_800_000 });
    await countSuccess(db, 'chat');
    expect(await admit(db, 'chat', 20_000)).toEqual({ kind: 'closed' });
  });

  it('a message that is refused for good holds up none behind it, and does not open it', async () => {
    const db = await fresh();
    const mail = obedient('mail');
    mail.behave.by = ({ data }) => {
      if (JSON.stringify(data).includes('message 3')) return null;
      throw new PermanentError('no such user');
    };
    const { humdrum } = await openEngine(db, { jobs: [tell], receivers: [mail.channel] });
    await humdrum.enqueue(tell, { channels: ['mail'], times: 5 });
    await humdrum.drain();
    expect(mail.heard).toHaveLength(5);
    const [dead] = (await humdrum.deadLetters()).letters;
    expect(dead?.job).toMatchObject({ attempts: 1, errorMessage: 'no such user' });
    expect(dead?.effects).toHaveLength(4);
    expect((await db.query('select * from humdrum.breaker')).rows).toEqual([]);
    mail.behave.by = () => null;
    await humdrum.retry(dead?.job.id ?? 0);
    await humdrum.drain();
    expect(mail.heard).toHaveLength(5 + 4);
    expect((await humdrum.deadLetters()).letters).toEqual([]);
  });

  it('delivers more messages of one job than are read at once', async () => {
    const chat = obedient('chat');
    const { humdrum } = await openEngine(await fresh(), {
      jobs: [tell],
      receivers: [chat.channel],
    });
    const { jobId } = await humdrum.run(tell, { channels: ['chat'], times: 250 });
    await humdrum.drain();
    expect(chat.heard).toEqual(Array.from({ length: 250 }, (_, at) => `humdrum-${jobId}-${at}`));
  });

  const rejectWith = async (thrown: unknown): Promise<never> => {
    throw thrown;
  };

  it('no channel takes the worker down, whatever it throws, returns or waits for', async () => {
    const db = await fresh();
    const odd: Record<string, (delivery: Delivery) => unknown> = {
      hangs: () => new Promise(() => undefined),
      nothing: () => rejectWith(undefined),
      text: () => rejectWith('only text'),
      object: () => rejectWith(Object.create(null)),
      unreadable: () =>
        rejectWith(Object.defineProperty(new Error(), 'message', { get: () => down() })),
      zero: () => rejectWith(new Error('a\u0000b')),
      wait: () => rejectWith(new RetryAfterError('busy', { afterMs: Number.NaN })),
    };
    const channels = Object.entries(odd).map(([name, by]) => {
      const { channel, behave } = obedient(name, { timeoutMs: 50, attempts: 1 });
      behave.by = by;
      return channel;
    });
    const fine = [
      defineChannel({ name: 'circular', send: async () => channels }),
      defineChannel({ name: 'silent', send: () => undefined }),
      defineChannel({
        name: 'rude',
        retry: { attempts: 1 },
        send() {
          throw new TypeError('not a promise');
        },
      }),
    ];
    const { humdrum } = await openEngine(db, { jobs: [tell], receivers: [...channels, ...fine] });
    const names = [...Object.keys(odd), 'circular', 'silent', 'rude'];
    await humdrum.enqueue(tell, { channels: names });
    await humdrum.drain();
    const failed = await humdrum.listJobs({ status: 'failed' });
    const errors = Object.fromEntries(failed.map((one) => [one.type.slice(7), one.errorMessage]));
    const nonsense = 'The channel threw a value that is no error.';
    expect(errors).toEqual({
      hangs: 'hangs did not answer within 50 ms.',
      nothing: nonsense,
      text: 'only text',
      object: nonsense,
      unreadable: '(no readable message)',
      zero: 'a\\u0000b',
      wait: 'busy',
      rude: 'not a promise',
    });
    const { rows } = await db.query(
      'select count(*) as failed from humdrum.breaker where failures = 1',
    );
    expect(rows).toEqual([{ failed: 8 }]);
  });
});
