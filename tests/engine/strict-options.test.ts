import { expect, it } from 'vitest';
import { z } from 'zod';
import {
  datadogChannel,
  logChannel,
  mailChannel,
  sentryChannel,
  slackChannel,
  webhookChannel,
} from '../../src/effects/channels.ts';
import { s3Storage } from '../../src/effects/s3-storage.ts';
import { defineAlerts } from '../../src/health/index.ts';
import { createApp } from '../../src/http/index.ts';
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

const URL = 'https://hooks.example';
const SECRET = `whsec_${Buffer.alloc(24).toString('base64')}`;
const MAIL = { url: 'smtp://mail.example', from: 'a@mail.example' };
const DATADOG = { apiKey: '0'.repeat(32) };

it.each<[message: string, make: () => unknown]>([
  ['logChannel: there is no option "nmae".', () => logChannel(withExtra({}, { nmae: 'x' }))],
  [
    'slackChannel: there is no option "chan".',
    () => slackChannel(withExtra({ url: URL }, { chan: 1 })),
  ],
  [
    'webhookChannel: there is no option "retrys". Did you mean "retry"?',
    () => webhookChannel(withExtra({ url: URL, secret: SECRET }, { retrys: 3 })),
  ],
  [
    'mailChannel: there is no option "too". Did you mean "to"?',
    () => mailChannel(withExtra(MAIL, { too: 'b' })),
  ],
  [
    'datadogChannel: there is no option "tag". Did you mean "tags"?',
    () => datadogChannel(withExtra(DATADOG, { tag: 'a' })),
  ],
  [
    'sentryChannel: there is no option "env".',
    () => sentryChannel(withExtra({ dsn: 'https://key@sentry.example/1' }, { env: 'production' })),
  ],
  [
    'alerts: there is no option "sink". Did you mean "sinks"?',
    () => defineAlerts(withExtra({}, { sink: [] })),
  ],
  [
    'alerts: there is no option "thresholds.failureRuns2".',
    () => defineAlerts({ thresholds: withExtra({}, { failureRuns2: 1 }) }),
  ],
  [
    's3Storage: there is no option "bukket". Did you mean "bucket"?',
    () => s3Storage(withExtra({ bucket: 'x' }, { bukket: 'y' })),
  ],
])('refuses, with the nearest name: %s', (message, make) => {
  expect(make).toThrow(
    expect.objectContaining({
      code: 'config-invalid',
      message: expect.stringContaining(message.replace(/\.$/, '')) as string,
    }),
  );
});

it('so does the HTTP API', async () => {
  const humdrum = await testHumdrum();
  expect(() => createApp(humdrum, withExtra({}, { basepath: '/x' }))).toThrow(
    'The options of createApp: there is no option "basepath". Did you mean "basePath"?',
  );
  await humdrum.close();
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
