import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  createHumdrum,
  defineChannel,
  defineJob,
  defineSubscriber,
  type HumdrumOptions,
} from '../../src/index.ts';
import { testHumdrum } from '../../src/testing/index.ts';

/** An object with what its type does not have, as a program without types may give. */
const withExtra = <T extends object>(given: T, extra: object): T => Object.assign(given, extra);
const options = (given: object): HumdrumOptions => given;

const define = (extra: object) =>
  defineJob(withExtra({ type: 'mail.send', input: z.object({}), run: () => null }, extra));

it.each([
  [{ uniqe: () => null }, 'there is no option "uniqe". Did you mean "unique"?'],
  [
    { singleton: true },
    'there is no option "singleton". The options are type, description, input,',
  ],
  [{ retry: { atempts: 3 } }, 'there is no option "retry.atempts". Did you mean "retry.attempts"?'],
  [{ retry: 3 }, 'retry must be an object with the fields attempts, backoff, delayMs,'],
  [
    { schedule: { cron: '* * * * *', timezone: 'UTC' } },
    'there is no option "schedule.timezone". Did you mean "schedule.timeZone"?',
  ],
  [{ health: { every: 60_000 } }, 'there is no option "health.every".'],
])('a definition with an option that does not exist is refused: %j', (extra, message) => {
  expect(() => define(extra)).toThrow(
    expect.objectContaining({
      code: 'type-invalid',
      message: expect.stringContaining(`Job type "mail.send": ${message}`) as string,
    }),
  );
});

it('so is a receiver', () => {
  const channel = { name: 'chat', send: async () => null };
  expect(() => defineChannel(withExtra(channel, { retrys: {} }))).toThrow(
    'The channel "chat": there is no option "retrys". Did you mean "retry"?',
  );
  const subscriber = { name: 'chat', events: ['*'], run: async () => null };
  expect(() => defineSubscriber(withExtra(subscriber, { event: 'a' }))).toThrow(
    'The subscriber "chat": there is no option "event". Did you mean "events"?',
  );
});

const OPTIONS: [given: object, message: string][] = [
  [
    { databse: 'x' },
    'The options of createHumdrum: there is no option "databse". Did you mean "database"?',
  ],
  [
    { worker: { concurency: 5 } },
    'The options of createHumdrum: there is no option "worker.concurency". Did you mean "worker.concurrency"?',
  ],
  [
    { history: { keepDay: 5 } },
    'there is no option "history.keepDay". Did you mean "history.keepDays"?',
  ],
  [
    { limits: { api: { concurrency: 5, rates: 3 } } },
    'The limit "api": there is no option "rates". Did you mean "rate"?',
  ],
  [
    { queues: { mail: { rate: { tokens: 5, per: 3 } } } },
    'The limit "mail": there is no option "rate.per".',
  ],
];

it.each(OPTIONS)('createHumdrum refuses %j', async (given, message) => {
  await expect(createHumdrum(options(given))).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining(message) as string,
  });
});

it('createHumdrum refuses before it opens a database', async () => {
  const given = { database: 'postgres://127.0.0.1:2/none', wrker: {} };
  await expect(createHumdrum(options(given))).rejects.toMatchObject({ code: 'config-invalid' });
});

it('testHumdrum knows its own options too', async () => {
  await expect(testHumdrum(options({ know: new Date() }))).rejects.toThrow(
    'The options of testHumdrum: there is no option "know". Did you mean "now"?',
  );
});

it('an assertion does not hold by what it does not look at', async () => {
  const humdrum = await testHumdrum();
  const like: object = { que: 'mail' };
  await expect(humdrum.refuteEnqueued(like)).rejects.toThrow(
    'What a job must be like: there is no option "que". Did you mean "queue"?',
  );
  await expect(humdrum.refuteEmitted(like)).rejects.toThrow('What an effect must be like');
  await humdrum.close();
});
