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

const KINDS: [given: object, message: string][] = [
  [{ migrate: 'false' }, 'migrate must be true or false, not "false".'],
  [{ dryRun: 1 }, 'dryRun must be true or false, not 1.'],
  [{ database: 5 }, 'database must be a postgres:// URL, a folder, or a database'],
  [{ jobs: 'x' }, 'jobs must be a list, of which each is a job type made by defineJob'],
  [{ jobs: [null] }, 'jobs must be a list, of which each is a job type made by defineJob'],
  [{ packs: {} }, 'packs must be a list'],
  [{ receivers: 'x' }, 'receivers must be a list'],
  [{ history: {} }, 'history.keepDays must be a whole number from 1 to 36500, not undefined.'],
  [{ history: null }, 'history must be an object, not null.'],
  [{ worker: { queues: 'mail' } }, 'worker.queues must be a list, of which each is'],
  [{ worker: { queues: [] } }, 'worker.queues must name at least one queue'],
  [{ secretKey: 5 }, 'secretKey must be a text without NUL, or a list of them, not 5.'],
  [{ tracing: 5 }, 'tracing must be what traceJobs() returns'],
  [{ onEvent: 'log' }, 'onEvent must be a function, not "log".'],
  [{ actor: null }, 'actor must be a text without NUL, not null.'],
];

it.each(KINDS)('createHumdrum refuses values of another kind: %j', async (given, message) => {
  await expect(createHumdrum(options(given))).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining(message) as string,
  });
});

const DEFINITIONS: [given: object, message: string][] = [
  [{ run: 'x' }, 'run must be a function, not "x"'],
  [{ input: {} }, 'input must be a schema, such as z.object({}) of zod, not an object'],
  [{ atomic: 'no' }, 'atomic must be true or false, not "no"'],
  [{ queue: '' }, 'queue must be a name of 1 to 100 characters, not ""'],
  [{ unique: 'key' }, 'unique must be a function'],
  [{ limits: 'api' }, 'limits must be a list or a function'],
  [{ secrets: 'card' }, 'secrets must be a list, of which each is a path of the input'],
  [{ retry: { backoff: 'exponental' } }, 'retry.backoff must be one of exponential, linear, fixed'],
  [{ retry: 5 }, 'retry must be an object with the fields attempts'],
  [{ schedule: {} }, 'schedule must be an object with a cron expression'],
  [
    { schedule: { cron: '0 4 * * *', misfire: 'Skip' } },
    'schedule.misfire must be one of skip, once, each',
  ],
];

it.each(DEFINITIONS)('defineJob refuses values of another kind: %j', (given, message) => {
  expect(() => define(given)).toThrow(
    expect.objectContaining({
      code: 'type-invalid',
      message: expect.stringContaining(message) as string,
    }),
  );
});

it('defineJob refuses what is no definition', () => {
  for (const given of [null, undefined, 'mail.send', 5]) {
    expect(() => defineJob(given as never)).toThrow('defineJob takes an object');
  }
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
