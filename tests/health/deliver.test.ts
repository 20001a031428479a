import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import {
  defineAlerts,
  logSink,
  slackSink,
  webhookSink,
  type Sink,
} from '../../src/health/index.ts';
import { acknowledgeAlert } from '../../src/health/list-alerts.ts';
import type { Channel } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { hangingPort, Receiver } from '../support/receivers.ts';
import { instant, watch } from './support.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const HOURLY = job('test.hourly', () => null, { health: { everyMs: 3_600_000 } });

async function deliveries(db: Database, sink: string): Promise<string[]> {
  const { rows } = await db.query<{ outcome: string; error: string | null }>(
    'select outcome, error from humdrum.delivery where receiver = $1 order by delivered_at, by_job, attempt',
    [`notify.${sink}`],
  );
  return rows.map(({ outcome, error }) => (error === null ? outcome : `${outcome}: ${error}`));
}

anyBackend('telling people', (fresh) => {
  it('goes to the contacts of the severity, each notice once, signed', async () => {
    const [chat, pager] = [await Receiver.open(), await Receiver.open()];
    const { humdrum, at } = await watch(await fresh(), [HOURLY], {
      sinks: [
        logSink(),
        webhookSink({ url: chat.url, secret: SECRET, name: 'chat' }),
        slackSink({ url: pager.url, name: 'pager' }),
      ],
      escalation: [['log'], ['chat'], ['pager']],
      escalateMs: 1_800_000,
    });
    expect(await at('10:05')).toEqual(['fired never-ran test.hourly warning']);
    expect([chat.received.length, pager.received.length]).toEqual([1, 0]);
    await at('10:35');
    expect([chat.received.length, pager.received.length]).toEqual([1, 1]);
    await humdrum.enqueue('test.hourly');
    await humdrum.drain();
    expect(await at('10:40')).toEqual(['resolved never-ran test.hourly error']);
    const types = chat.received.map(({ body, headers }) => {
      const verified = new Webhook(SECRET).verify(body, headers as Record<string, string>);
      return (verified as { type: string }).type;
    });
    expect(types).toEqual(['alert.fired', 'alert.resolved']);
    expect(pager.received).toHaveLength(2);
    expect(new Set(chat.received.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });

  it('a sink that hangs holds up neither the check nor the other sinks', async () => {
    const db = await fresh();
    const url = `http://127.0.0.1:${await hangingPort()}`;
    const { humdrum, at } = await watch(db, [HOURLY], {
      sinks: [slackSink({ url, name: 'dead', timeoutMs: 100 }), logSink()],
    });
    expect(await at('10:05')).toEqual(['fired never-ran test.hourly warning']);
    const checks = await humdrum.listJobs({ type: 'humdrum.check-health' });
    expect(checks.map(({ status }) => status)).toEqual(['completed']);
    expect(await deliveries(db, 'dead')).toEqual(['failed: dead did not answer within 100 ms.']);
    expect(await deliveries(db, 'log')).toEqual(['sent']);
    const [waiting] = await humdrum.listJobs({ type: 'notify.dead' });
    expect(waiting).toMatchObject({ status: 'queued', attempts: 1 });
  });

  it('a breaker opens after three failures, tries once, and closes', async () => {
    const db = await fresh();
    const receiver = await Receiver.open();
    receiver.status = 500;
    const { at, humdrum } = await watch(db, [HOURLY], {
      sinks: [slackSink({ url: receiver.url })],
    });
    const failed = expect.stringMatching(/^failed: 127\.0\.0\.1:\d+ answered 500$/) as string;
    await at('10:05');
    await at('10:06');
    await at('10:07');
    expect(await deliveries(db, 'slack')).toEqual([failed, failed, failed]);
    const { rows } = await db.query(
      'select failures, open_until is not null as open from humdrum.breaker',
    );
    expect(rows).toEqual([{ failures: 3, open: true }]);
    const sent = receiver.received.length;
    await db.query(
      `update humdrum.breaker set open_until = humdrum.clock() + interval '20 minutes'`,
    );
    await at('10:08');
    expect((await deliveries(db, 'slack')).at(-1)).toBe('held');
    expect(receiver.received).toHaveLength(sent);
    const [waiting] = await humdrum.listJobs({ type: 'notify.slack' });
    expect(waiting).toMatchObject({ status: 'queued', attempts: 3 });
    receiver.status = 200;
    await at('10:28');
    expect((await deliveries(db, 'slack')).at(-1)).toBe('sent');
    const after = await db.query('select failures, open_until as until from humdrum.breaker');
    expect(after.rows).toEqual([{ failures: 0, until: null }]);
  });

  it('skips notices for alerts already resolved', async () => {
    const db = await fresh();
    const receiver = await Receiver.open();
    const { humdrum, at } = await watch(db, [HOURLY], {
      sinks: [slackSink({ url: receiver.url })],
    });
    await db.query(`insert into humdrum.breaker values ('slack', 3, '2026-03-02T10:12:00Z')`);
    await at('10:05');
    await humdrum.enqueue('test.hourly');
    await humdrum.drain();
    await at('10:10');
    const skipped = (await deliveries(db, 'slack')).toSorted();
    expect(skipped).toEqual(['held', 'superseded']);
    // Nor does it hear that something is over of which it has not heard.
    await at('10:12');
    expect((await deliveries(db, 'slack')).toSorted()).toEqual(skipped);
    expect(receiver.received).toEqual([]);
    expect(await humdrum.listJobs({ type: 'notify.slack', status: 'completed' })).toHaveLength(1);
  });

  it('tells only those that something is over who were told that it began', async () => {
    const db = await fresh();
    const [chat, pager] = [await Receiver.open(), await Receiver.open()];
    const { humdrum, at } = await watch(db, [HOURLY], {
      sinks: [logSink(), slackSink({ url: chat.url, name: 'chat' }), slackSink({ url: pager.url })],
      escalation: [['log'], ['chat'], ['slack']],
      escalateMs: 1_800_000,
    });
    await at('10:05');
    expect([chat.received.length, pager.received.length]).toEqual([1, 0]);
    // It gets worse while somebody looks after it: nobody is told.
    await acknowledgeAlert(db, 1, { actor: 'user:ada', reason: 'on it' });
    await db.query('update humdrum.alert set level = 2');
    await humdrum.enqueue('test.hourly');
    await humdrum.drain();
    expect(await at('10:10')).toEqual(['resolved never-ran test.hourly error']);
    expect([chat.received.length, pager.received.length]).toEqual([2, 0]);
  });

  it('a test goes through every sink, and closes the breaker of one that takes it', async () => {
    const db = await fresh();
    const [good, bad] = [await Receiver.open(), await Receiver.open()];
    bad.status = 403;
    const { humdrum, told } = await watch(db, [HOURLY], {
      sinks: [logSink(), slackSink({ url: good.url }), slackSink({ url: bad.url, name: 'bad' })],
    });
    await db.query(
      `insert into humdrum.breaker values ('slack', 9, humdrum.clock() + interval '1 hour')`,
    );
    const { outcome } = await humdrum.run('humdrum.test-alerts');
    expect(outcome.ended).toMatchObject({
      result: {
        sinks: [
          { sink: 'log', outcome: 'sent', error: null },
          { sink: 'slack', outcome: 'sent', error: null },
          { sink: 'bad', outcome: 'failed', error: expect.stringContaining('403') as string },
        ],
      },
    });
    expect(told()).toEqual(['test test alerts notice']);
    // A refusal is an answer: it does not count as a failure of the channel.
    const { rows } = await db.query('select channel, failures from humdrum.breaker');
    expect(rows).toEqual([{ channel: 'slack', failures: 0 }]);
  });

  it('takes custom sinks and channels alike, and one channel for alerts and notifications', async () => {
    const both = await Receiver.open();
    const slack = slackSink({ url: both.url });
    const seen: string[] = [];
    const custom: Sink = {
      name: 'custom',
      timeoutMs: 1_000,
      async send({ notice, subject }, { key }) {
        seen.push(`${notice} ${subject} ${key}`);
      },
    };
    const hello = job('test.hello', (ctx) => {
      ctx.notify({ channel: 'slack', to: '', text: 'hello' });
      ctx.notify({ channel: 'custom', to: '', text: 'hello' });
    });
    const db = await fresh();
    const moveTo = await stopClockAt(db, instant('09:00'));
    const { humdrum } = await openEngine(db, {
      jobs: [HOURLY, hello],
      receivers: [slack],
      alerts: defineAlerts({ sinks: [slack, custom] }),
    });
    await humdrum.register();
    await moveTo(instant('10:05'));
    await humdrum.enqueue(hello);
    await humdrum.drain();
    const texts = both.received.map(({ body }) => (JSON.parse(body) as { text: string }).text);
    expect(texts.toSorted()).toEqual([expect.stringMatching(/^\*\[humdrum\] never-ran/), 'hello']);
    expect(seen).toEqual([expect.stringMatching(/^fired test\.hourly humdrum-\d+-1$/)]);
    const [dead] = (await humdrum.deadLetters()).letters;
    expect(dead?.job).toMatchObject({
      type: 'notify.custom',
      errorMessage: 'The channel custom takes alerts only.',
    });
  });

  it('refuses two channels of one name', async () => {
    const db = await fresh();
    const slack = (): Channel => slackSink({ url: 'https://example.org/' });
    const both = { receivers: [slack()], alerts: defineAlerts({ sinks: [slack()] }) };
    await expect(openEngine(db, both)).rejects.toThrow('are both called "slack"');
  });
});
